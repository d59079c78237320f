"""comfy-script 0.6.1: reads /object_info, makes a Python function of each node, and waits for pictures."""

import sys

from comfy_script.runtime import Workflow, load

load(f"http://{sys.argv[1]}/")
from comfy_script.runtime import nodes  # noqa: E402  What it has is made by `load`.

with Workflow(wait=True):
    # It waits for ever for a run that ends before it has read the answer to its POST, and dies of a `progress` that it
    # handles before that: twelve nodes that take long together, and each of them less than a progress is told after.
    picture = nodes.EmptyImage(2048, 2048, 1, 255)
    for _ in range(12):
        picture = nodes.ImageBlur(picture, 31, 10.0)
    saved = nodes.SaveImage(nodes.ImageInvert(picture), "scripted")
images = saved.wait().wait()
assert [image.size for image in images] == [(2048, 2048)], images
assert images[0].getpixel((1000, 1000)) == (255, 255, 0)
print("ok")
