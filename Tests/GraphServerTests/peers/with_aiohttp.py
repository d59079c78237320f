"""The package `aiohttp`: one session for the WebSocket and every request, on connections that are kept alive."""

import asyncio
import sys

import aiohttp
import common

server = sys.argv[1]


async def main():
    client = common.new_client()
    async with aiohttp.ClientSession(f"http://{server}", timeout=aiohttp.ClientTimeout(total=30)) as session:
        async with session.ws_connect(f"/ws?clientId={client}", heartbeat=5) as socket:
            first = await socket.receive_json()
            assert first["type"] == "status" and first["data"]["sid"] == client, first
            async with session.post("/prompt", json={"prompt": common.PROMPT, "client_id": client}) as answer:
                assert answer.status == 200, await answer.text()
                prompt_id = (await answer.json())["prompt_id"]
            types = []
            async with asyncio.timeout(30):
                async for frame in socket:
                    if frame.type != aiohttp.WSMsgType.TEXT:
                        continue
                    message = frame.json()
                    types.append(message["type"])
                    if common.is_end(message, prompt_id):
                        break
            assert "execution_success" in types, types
        assert socket.close_code == 1000, socket.close_code
        async with session.get(f"/history/{prompt_id}") as answer:
            images = (await answer.json())[prompt_id]["outputs"]["3"]["images"]
        for image in images:
            async with session.get("/view", params=image) as answer:
                assert answer.content_type == "image/png", answer.headers
                assert (await answer.read()).startswith(common.PNG)
        # A body in chunks, of no length said before.
        async def chunks():
            for byte in b'{"prompt": {}}':
                yield bytes([byte])

        async with session.post("/prompt", data=chunks()) as answer:
            assert answer.status == 400, answer.status
            assert (await answer.json())["error"]["type"] == "prompt_no_outputs"
        form = aiohttp.FormData()
        form.add_field("image", common.PNG + b"no more of it", filename="peer.png")
        async with session.post("/upload/image", data=form) as answer:
            assert answer.status == 200, await answer.text()
            assert await answer.json() == {"name": "peer.png", "subfolder": "", "type": "input"}


asyncio.run(main())
print("ok")
