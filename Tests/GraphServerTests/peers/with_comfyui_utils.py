"""comfyui-utils 0.0.1: posts, connects after that, and takes any binary message for an error."""

import asyncio
import io
import sys

from comfyui_utils import comfy

address = sys.argv[1]
prompt = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 32, "batch_size": 1, "color": 255}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "utils"}},
}


class Callbacks(comfy.Callbacks):
    def __init__(self):
        self.outputs = None

    async def queue_position(self, position):
        pass

    async def in_progress(self, node_id, progress, total):
        pass

    async def completed(self, outputs, cached):
        self.outputs = outputs


async def main():
    api = comfy.ComfyAPI(address)
    callbacks = Callbacks()
    await asyncio.wait_for(api.submit(prompt, callbacks), 60)
    pictures = []

    async def keep(file: io.BytesIO):
        pictures.append(file.read())

    for image in callbacks.outputs["images"]:
        await api.fetch(image, keep)
    assert [picture[:8] for picture in pictures] == [b"\x89PNG\r\n\x1a\n"], pictures


asyncio.run(main())
print("ok")
