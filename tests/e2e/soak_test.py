"""Continuous batching under everything at once: 64 connections with random requests, clients that leave in the middle,
bad requests, rows that pause or are preempted, a prefix cache that churns. No wrong token, nothing lost, nothing kept.
SPYRE_SOAK_SECONDS: how long in all (default 12). The thread sanitizer's build runs it, too (scripts/check.py)."""

import asyncio
import json
import os
import random
import time
import unittest

from harness import LLAMA
from load_test import ask
from server import Server, ServerTest

CONNECTIONS = 64
SECONDS = float(os.environ.get("SPYRE_SOAK_SECONDS", "12"))
DISTINCT = 80
WIDE = 4
FLAT_BYTES = 24 << 20
LIMITS = ("--max-num-seqs", 6, "--max-model-len", 256, "--max-num-queued-reqs", 1000)
CHUNKED = {"VLLM_SPYRE_USE_CB": "1", "VLLM_SPYRE_USE_CHUNKED_PREFILL": "1", "VLLM_DT_MAX_BATCH_TKV_LIMIT": "512"}
SERVERS = {
    # What each has to do at least once: the limits are that tight.
    "chunked": (CHUNKED, ("--max-num-batched-tokens", 64, "--num-gpu-blocks-override", 14), "sendnn:pause_events_total"),
    "mixed": ({}, ("--scheduler", "mixed", "--num-gpu-blocks-override", 8), "vllm:num_preemptions_total"),
}
BAD = [
    b"{",
    b'{"prompt": [], "max_tokens": 3}',
    b'{"prompt": [5], "max_tokens": -1}',
    b'{"prompt": [99999999]}',
    json.dumps({"prompt": [7] * 300}).encode(),
    b'{"prompt": "x", "temperature": "hot"}',
]


def request(index: int) -> dict:
    chooser = random.Random(index)
    beginning = random.Random(index % 5)
    prompt = [beginning.randrange(5, 250) for _ in range(chooser.choice([0, 64, 100, 130]))]
    return {
        "prompt": prompt + [chooser.randrange(5, 250) for _ in range(chooser.randrange(1, 30))],
        "max_tokens": chooser.randrange(1, 60),
        "temperature": chooser.choice([0, 0.8]),
        "seed": index,
        "ignore_eos": True,
        "return_token_ids": True,
        "stream": index % 3 == 0,
    }


def wide(index: int) -> dict:
    """Choices that arrive together, and more than the limits take at once, however slow the rest."""
    return {**request(index), "n": 4, "max_tokens": 100, "temperature": 0.8, "stream": False}


class Soak(ServerTest):
    def test_chunked(self):
        self.soak("chunked")

    def test_mixed(self):
        self.soak("mixed")

    def soak(self, mode: str):
        env, flags, event = SERVERS[mode]
        server = self.serve(LLAMA, *LIMITS, *flags, env=env)
        alone = [
            server.post("/v1/completions", {**request(i), "stream": False})["choices"][0]["token_ids"]
            for i in range(DISTINCT)
        ]
        wide_alone = [server.post("/v1/completions", wide(i))["choices"] for i in range(WIDE)]
        counts, early = asyncio.run(self.drive(server, alone, wide_alone, SECONDS / len(SERVERS)))
        late = server.resident_bytes()
        self.assertGreater(counts["answers"], CONNECTIONS)
        self.assertGreater(counts["left"], 0)
        self.assertGreater(counts["bad"], 0)
        self.assertGreater(server.metric(event), 0, event)
        self.assertGreater(server.metric("vllm:prefix_cache_hits_total"), 0)
        end = time.monotonic() + 30
        while server.metric("vllm:num_requests_running") and time.monotonic() < end:
            time.sleep(0.05)
        for name in ("vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc"):
            self.assertEqual(server.metric(name), 0, name)
        # Whoever left early is an abort, or was through before it was noticed.
        ended = server.metric("vllm:request_success_total")
        self.assertEqual(ended, DISTINCT + WIDE + counts["answers"] + counts["left"])
        if not os.environ.get("SPYRE_SOAK_SANITIZED"):
            self.assertLess(late - early, FLAT_BYTES, f"{early} bytes early, {late} at the end")
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("Sanitizer", server.log)
        print(f"{mode}: {counts}; resident {early >> 20} MiB early, {late >> 20} MiB late")

    async def drive(self, server: Server, alone: list, wide_alone: list, seconds: float) -> tuple[dict, int]:
        start = time.monotonic()
        counts = {"answers": 0, "left": 0, "bad": 0}

        async def good(index: int):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            found = await asyncio.wait_for(ask(reader, writer, request(index)), 120)
            writer.close()
            self.assertEqual(found, alone[index], f"request {index}")
            counts["answers"] += 1

        async def many(index: int):
            found = await asyncio.to_thread(server.post, "/v1/completions", wide(index))
            self.assertEqual(found["choices"], wide_alone[index], f"choices of {index}")
            counts["answers"] += 1

        async def leave(index: int, chooser: random.Random):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            body = json.dumps({**request(index), "stream": True, "max_tokens": 100}).encode()
            head = b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
            writer.write(head % len(body) + b"\r\n" + body)
            # Its first event says that it runs.
            for _ in range(chooser.randrange(1, 6)):
                await asyncio.wait_for(reader.readuntil(b"data: "), 120)
            writer.transport.abort()
            counts["left"] += 1

        async def bad(chooser: random.Random):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            body = chooser.choice(BAD)
            head = b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
            writer.write(head % len(body) + b"Connection: close\r\n\r\n" + body)
            answer = await asyncio.wait_for(reader.read(), 120)
            writer.close()
            self.assertTrue(answer.startswith(b"HTTP/1.1 4"), answer[:100])
            counts["bad"] += 1

        async def client(number: int):
            chooser = random.Random(1000 + number)
            while time.monotonic() - start < seconds:
                kind = chooser.randrange(10)
                index = chooser.randrange(DISTINCT)
                if kind == 0:
                    await bad(chooser)
                elif kind == 1:
                    await leave(index, chooser)
                elif kind == 2:
                    await many(chooser.randrange(WIDE))
                else:
                    await good(index)

        async def measure() -> int:
            await asyncio.sleep(seconds / 3)
            return server.resident_bytes()

        early, *_ = await asyncio.gather(measure(), *(client(number) for number in range(CONNECTIONS)))
        return counts, early


if __name__ == "__main__":
    unittest.main()
