"""The package `websockets`: connect, post, wait for the end, fetch. Compression is offered, as it does by default."""

import asyncio
import json
import sys

import common
from websockets.asyncio.client import connect

server = sys.argv[1]


async def main():
    client = common.new_client()
    async with connect(f"ws://{server}/ws?clientId={client}") as socket:
        for _ in range(3):
            prompt_id = await asyncio.to_thread(common.queue_prompt, server, client)
            types = []
            async with asyncio.timeout(30):
                async for text in socket:
                    if isinstance(text, bytes):
                        continue
                    message = json.loads(text)
                    types.append(message["type"])
                    if common.is_end(message, prompt_id):
                        break
            assert "execution_success" in types, types
            await asyncio.to_thread(common.check_result, server, prompt_id)
        pong = await socket.ping()
        await asyncio.wait_for(pong, 30)
    assert socket.close_code == 1000, socket.close_code


asyncio.run(main())
print("ok")
