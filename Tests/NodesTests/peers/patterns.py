"""What Python's own re finds: a line of JSON [mode, group, flags, pattern, text] in, a line of JSON out, null for a
pattern that it refuses."""
import json
import re
import sys

FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


def extracted(mode, group, letters, pattern, text):
    flags = 0
    for letter in letters:
        flags |= FLAGS[letter]
    try:
        compiled = re.compile(pattern, flags)
    except re.error:
        return None
    matches = list(compiled.finditer(text))
    if mode == "First Match":
        return matches[0].group() if matches else ""
    if mode == "All Matches":
        return "\n".join((m.group(min(1, compiled.groups)) or "") for m in matches)
    if group > compiled.groups or (mode == "All Groups" and not compiled.groups):
        return ""
    if mode == "First Group":
        return (matches[0].group(group) or "") if matches else ""
    return "\n".join((m.group(group) or "") for m in matches)


with open(sys.argv[1], encoding="utf-8") as lines:
    print(json.dumps([extracted(*case) for case in json.load(lines)]))
