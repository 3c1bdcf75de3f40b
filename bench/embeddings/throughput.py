#!/usr/bin/env python3
"""Tokens per second of MiniLM on 256 texts of 5 to 250 tokens: spyre's server against ONNX Runtime, OpenVINO and PyTorch,
in alternating passes of one run, and the share of what the machine can multiply in float32.

    bench/embeddings/throughput.py [--spyre BINARY] [--rounds N] [--peers a,b] [--json FILE]

Everyone gets token ids. The peers run in a process that stays (peer.py), each in the best of a few configurations, which
the first passes choose; spyre is asked over HTTP, so that its time has the JSON of both ways and the queue in it. Then the
latency of single texts under 16 connections. Ratios are medians of the rounds, with the smallest and the largest."""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "serving"))

import peers  # noqa: E402
from served import Server  # noqa: E402

TOKEN_FLOPS = 22.7e6  # MiniLM: matmuls and attention of a text of middling length
CONFIGURATIONS = {
    "onnxruntime": [
        {"batch": batch, "streams": streams, "fused": True} for batch in (4, 8, 16) for streams in (1, 2)
    ],
    "openvino": [{"batch": batch, "streams": streams} for batch in (4, 8, 16) for streams in (1, 2)],
    "torch": [{"batch": batch, "streams": 1} for batch in (8, 32)],
}
PRECISION = {"float32": ("onnxruntime", "openvino", "torch"), "bfloat16": ("openvino-bf16", "torch-bf16")}


def texts() -> list[list[int]]:
    """[CLS], words, [SEP]."""
    rng = random.Random(1)
    return [[101, *(rng.randrange(2000, 30000) for _ in range(rng.randint(3, 248))), 102] for _ in range(256)]


class Peer:
    def __init__(self, name: str, ids_file: str, threads: int):
        plain, fused = peers.onnx_files()
        self.process = subprocess.Popen(
            [peers.python(), HERE / "peer.py", name, peers.model(), ids_file, "--threads", str(threads)]
            + ["--onnx", plain, "--onnx-fused", fused],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        configurations = CONFIGURATIONS[name.split("-")[0]]
        self.best = min(configurations, key=lambda each: (self.seconds(each), self.seconds(each))[1])

    def seconds(self, config=None) -> float:
        self.process.stdin.write(json.dumps(config or self.best) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["seconds"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Spyre:
    def __init__(self, binary: str, dtype: str, rows: list, threads: int):
        self.server = Server(binary, str(peers.model()), "--threads", str(threads), "--dtype", dtype)
        self.rows = rows

    def seconds(self) -> float:
        begin = time.perf_counter()
        self.server.post("/v1/embeddings", {"input": self.rows, "encoding_format": "base64"})
        return time.perf_counter() - begin

    def single_text_latencies(self, connections: int, each: int) -> list[float]:
        taken = []

        def work(first: int):
            for i in range(each):
                begin = time.perf_counter()
                row = self.rows[(first + i * connections) % len(self.rows)]
                self.server.post("/v1/embeddings", {"input": row, "encoding_format": "base64"})
                taken.append(time.perf_counter() - begin)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(taken)

    def close(self):
        self.server.stop()


def flops_of_the_machine(threads: int, folder: str) -> float:
    program = pathlib.Path(folder) / "f32_peak"
    subprocess.run(["c++", "-std=c++20", "-O2", "-pthread", HERE / "f32_peak.cc", "-o", program], check=True)
    return float(subprocess.run([program, str(threads)], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[0])


def compare(options, dtype: str, names: list[str], rows: list, ids_file: str) -> dict:
    tokens = sum(map(len, rows))
    spyre = Spyre(options.spyre, dtype, rows, options.threads)
    spyre.seconds()
    result = {"dtype": dtype, "tokens": tokens, "peers": {}}
    mine = []
    for name in names:
        peer = Peer(name, ids_file, options.threads)
        pairs = [(spyre.seconds(), peer.seconds()) for _ in range(options.rounds)]
        peer.close()
        mine += [pair[0] for pair in pairs]
        ratios = sorted(theirs / own for own, theirs in pairs)
        result["peers"][name] = {
            "tokens_per_second": tokens / statistics.median(pair[1] for pair in pairs),
            "configuration": peer.best,
            "ratio": statistics.median(ratios), "least": ratios[0], "most": ratios[-1],
        }
    result["tokens_per_second"] = tokens / statistics.median(mine)
    latencies = spyre.single_text_latencies(connections=16, each=40)
    result["single_text_ms"] = {
        "median": 1e3 * statistics.median(latencies), "p99": 1e3 * latencies[int(len(latencies) * 0.99)]
    }
    spyre.close()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spyre", default=str(HERE.parents[1] / "build/release/spyre"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", default="onnxruntime,openvino,torch,openvino-bf16,torch-bf16")
    parser.add_argument("--json")
    options = parser.parse_args()
    rows = texts()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        ids_file = os.path.join(folder, "ids.json")
        pathlib.Path(ids_file).write_text(json.dumps(rows))
        peak = flops_of_the_machine(options.threads, folder)
        for dtype, known in PRECISION.items():
            names = [name for name in known if name in options.peers.split(",")]
            results.append(compare(options, dtype, names, rows, ids_file))
    print(f"float32 peak of {options.threads} threads: {peak / 1e9:.0f} GFLOP/s")
    print("| precision | peer | tokens/s | spyre | ratio |\n| --- | --- | --- | --- | --- |")
    for result in results:
        own = result["tokens_per_second"]
        for name, peer in result["peers"].items():
            spread = f"{peer['ratio']:.2f} ({peer['least']:.2f} to {peer['most']:.2f})"
            print(f"| {result['dtype']} | {name} | {peer['tokens_per_second']:.0f} | {own:.0f} | {spread} |")
    for result in results:
        share = result["tokens_per_second"] * TOKEN_FLOPS / peak
        single = result["single_text_ms"]
        of_peak = f"{share:.0%} of the float32 peak; " if result["dtype"] == "float32" else ""
        print(f"{result['dtype']}: {of_peak}a text alone under 16 connections: "
              f"median {single['median']:.1f} ms, p99 {single['p99']:.1f} ms")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"float32_peak": peak, "results": results}, indent=1))


if __name__ == "__main__":
    main()
