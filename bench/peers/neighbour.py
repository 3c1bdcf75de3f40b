#!/usr/bin/env python3
"""Decoding while other programs want the same CPUs: ours and the peer's tokens per second beside 0, 1, ... busy loops,
alternating, as a share of the speed without any. What is fair is one part of each CPU for each that wants it; an engine
whose threads wait for each other can lose far more.

    bench/peers/neighbour.py [--model FILE.gguf] [--busy 0,1,2] [--runs 3] [--threads 2] [--json FILE]
"""

import argparse
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import build_llama_cpp

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKENS = 96


@contextlib.contextmanager
def busy_loops(count: int):
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    time.sleep(0.3 if count else 0)
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def ours(model: pathlib.Path, threads: int) -> float:
    command = [ROOT / "build/release/spyre", "generate", model, "--token-ids", "1,2,3,4", "--ignore-eos"]
    flags = ["--temperature", "0", "--format", "json", "--max-tokens", str(TOKENS), "--threads", str(threads)]
    done = subprocess.run([*command, *flags], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["timings"]["decode_tokens_per_second"]


def theirs(program: str, model: pathlib.Path, threads: int) -> float:
    command = [program, "-m", model, "-t", str(threads), "-p", "0", "-n", str(TOKENS), "-r", "1", "-o", "json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)[0]["avg_ts"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--busy", default="0,1,2", help="numbers of busy loops (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    model = options.model or pathlib.Path(subprocess.check_output([ROOT / "scripts/demo_model"], text=True).strip())
    peer = build_llama_cpp.build(build_llama_cpp.VERSION, "g++", os.cpu_count())["llama-bench"]

    samples = {}
    for count in map(int, options.busy.split(",")):
        with busy_loops(count):
            pairs = [(ours(model, options.threads), theirs(peer, model, options.threads)) for _ in range(options.runs)]
        samples[count] = {"spyre": [pair[0] for pair in pairs], "llama.cpp": [pair[1] for pair in pairs]}
    print(f"{model.name}, {options.threads} threads, {os.cpu_count()} CPUs, tokens/s, median of {options.runs}\n")
    print("| busy loops | spyre | of alone | llama.cpp | of alone |")
    print("| --- | --- | --- | --- | --- |")
    alone = samples[min(samples)]
    for count, each in samples.items():
        words = [str(count)]
        for side in ("spyre", "llama.cpp"):
            speed = statistics.median(each[side])
            words += [f"{speed:.0f}", f"{100 * speed / statistics.median(alone[side]):.0f} %"]
        print(f"| {' | '.join(words)} |")
    if options.json:
        options.json.write_text(json.dumps(samples, indent=1) + "\n")


if __name__ == "__main__":
    main()
