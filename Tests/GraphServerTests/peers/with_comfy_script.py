"""comfy-script 0.6.1: reads /object_info, makes a Python function of each node, and waits for pictures."""

import sys

from comfy_script.runtime import Workflow, load

load(f"http://{sys.argv[1]}/")
from comfy_script.runtime import nodes  # noqa: E402  What it has is made by `load`.

with Workflow(wait=True):
    # It waits for ever for a run that ends before it has read the answer to its POST.
    picture = nodes.TestSleep(nodes.EmptyImage(64, 32, 1, 255), 2.0)
    saved = nodes.SaveImage(nodes.ImageInvert(picture), "scripted")
images = saved.wait().wait()
assert [image.size for image in images] == [(64, 32)], images
assert images[0].getpixel((0, 0)) == (255, 255, 0)
print("ok")
