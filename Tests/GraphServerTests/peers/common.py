"""What the peers have in common: a small prompt, and how ComfyUI's scripts post it and fetch what came of it."""

import json
import urllib.parse
import urllib.request
import uuid

PROMPT = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 2, "color": 255}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "peer"}},
}
PNG = b"\x89PNG\r\n\x1a\n"


def new_client():
    return str(uuid.uuid4())


def queue_prompt(server, client, prompt=PROMPT):
    """By urllib, which says application/x-www-form-urlencoded of what it posts."""
    data = json.dumps({"prompt": prompt, "client_id": client}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"http://{server}/prompt", data=data), timeout=30) as answer:
        return json.loads(answer.read())["prompt_id"]


def get_history(server, prompt_id):
    with urllib.request.urlopen(f"http://{server}/history/{prompt_id}", timeout=30) as answer:
        return json.loads(answer.read())[prompt_id]


def get_image(server, image):
    query = urllib.parse.urlencode({key: image[key] for key in ("filename", "subfolder", "type")})
    with urllib.request.urlopen(f"http://{server}/view?{query}", timeout=30) as answer:
        return answer.read()


def is_end(message, prompt_id):
    data = message["data"]
    return message["type"] == "executing" and data["node"] is None and data["prompt_id"] == prompt_id


def check_result(server, prompt_id):
    history = get_history(server, prompt_id)
    assert history["status"]["completed"], history
    images = history["outputs"]["3"]["images"]
    assert len(images) == 2, images
    for image in images:
        assert get_image(server, image).startswith(PNG), image
