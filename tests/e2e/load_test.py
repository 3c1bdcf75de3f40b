"""64 connections at once, for a while: no answer is lost or mixed up, and memory stays flat. SPYRE_LOAD_SECONDS: how
long (default 10)."""

import asyncio
import json
import os
import random
import time
import unittest

from harness import LLAMA
from server import Server, ServerTest, shapes

CONNECTIONS = 64
LOAD_SECONDS = float(os.environ.get("SPYRE_LOAD_SECONDS", "10"))
# What may be kept for good: buffers of 64 connections, the allocator's slack.
FLAT_BYTES = 16 << 20


def request(index: int) -> dict:
    chooser = random.Random(index)
    return {
        "prompt": [chooser.randrange(5, 250) for _ in range(chooser.randrange(1, 120))],
        "max_tokens": chooser.randrange(1, 20),
        "temperature": chooser.choice([0, 0.7, 1.3]),
        "seed": index,
        "ignore_eos": True,
        "return_token_ids": True,
        "stream": index % 3 == 0,
    }


async def ask(reader, writer, body: dict) -> list[int]:
    """One request over an open connection; the token ids of the answer."""
    data = json.dumps(body).encode()
    writer.write(
        b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % len(data)
        + data
    )
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    assert head.startswith("http/1.1 200"), head
    if "transfer-encoding: chunked" not in head:
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        return json.loads(await reader.readexactly(length))["choices"][0]["token_ids"]
    pieces = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        pieces += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    ids = []
    events = [line[6:] for line in pieces.decode().split("\n") if line.startswith("data: ")]
    assert events[-1] == "[DONE]"
    for event in events[:-1]:
        for choice in json.loads(event)["choices"]:
            ids += choice.get("token_ids") or []
    return ids


class Load(ServerTest):
    def test_no_answer_is_lost_or_mixed_up(self):
        server = self.serve(LLAMA, env=shapes("64,128", "20,20", "16,8"))
        distinct = 200
        alone = [
            server.post("/v1/completions", {**request(i), "stream": False})["choices"][0]["token_ids"]
            for i in range(distinct)
        ]
        answers, early = asyncio.run(self.drive(server, alone))
        late = server.resident_bytes()
        self.assertGreater(answers, CONNECTIONS)
        self.assertLess(late - early, FLAT_BYTES, f"{early} bytes early, {late} at the end")
        self.assertEqual(server.metric("vllm:num_requests_running"), 0)
        self.assertEqual(
            server.metric("vllm:request_success_total", finished_reason="length"), distinct + answers, "lost answers"
        )
        print(f"{answers} answers in {LOAD_SECONDS:.0f} s; resident {early >> 20} MiB early, {late >> 20} MiB late")

    async def drive(self, server: Server, alone: list[list[int]]) -> tuple[int, int]:
        start = time.monotonic()
        counts = [0] * CONNECTIONS

        async def client(number: int):
            chooser = random.Random(1000 + number)
            reader, writer = await asyncio.open_connection(server.host, server.port)
            while time.monotonic() - start < LOAD_SECONDS:
                index = chooser.randrange(len(alone))
                found = await asyncio.wait_for(ask(reader, writer, request(index)), 60)
                self.assertEqual(found, alone[index], f"request {index} on connection {number}")
                counts[number] += 1
            writer.close()

        async def measure() -> int:
            await asyncio.sleep(LOAD_SECONDS / 3)
            return server.resident_bytes()

        early, *_ = await asyncio.gather(measure(), *(client(number) for number in range(CONNECTIONS)))
        return sum(counts), early


if __name__ == "__main__":
    unittest.main()
