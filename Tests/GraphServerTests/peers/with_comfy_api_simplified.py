"""comfy-api-simplified 1.6.0: posts, connects after that, ends at `queue_remaining` 0, and reads the history then. It takes
any binary message for the picture."""

import sys

import common
from comfy_api_simplified import ComfyApiWrapper, ComfyWorkflowWrapper

api = ComfyApiWrapper(f"http://{sys.argv[1]}")
for number in range(20):
    prompt = {key: {**node, "_meta": {"title": f"Node {key}"}} for key, node in common.PROMPT.items()}
    prompt["1"]["inputs"] = {**prompt["1"]["inputs"], "color": number}
    pictures = api.queue_and_wait_images(ComfyWorkflowWrapper(prompt), "Node 3")
    assert len(pictures) == 2 and all(data.startswith(common.PNG) for data in pictures.values()), (number, pictures)
print("ok")
