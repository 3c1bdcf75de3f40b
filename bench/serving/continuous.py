#!/usr/bin/env python3
"""What continuous batching gives, in each of its modes: throughput of many streams (beside llama.cpp's
llama-batched-bench on the same file, in alternating runs; and beside vLLM's CPU backend in bf16, where a Python that has
it is named), the gaps between tokens while long prompts arrive, and how much sooner a repeated prompt is answered.

    bench/serving/continuous.py [--model FILE.gguf] [--measure throughput,latency,prefix] [--modes mixed,...]
        [--pairs N] [--vllm PYTHON] [--json FILE]
"""

import argparse
import json
import pathlib
import random
import re
import statistics
import subprocess
import sys
import threading
import time

from served import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench/peers"))
import build_llama_cpp  # noqa: E402

CB = {"VLLM_SPYRE_USE_CB": "1"}
MODES = {
    "mixed": ({}, ("--scheduler", "mixed")),
    "chunked": ({**CB, "VLLM_SPYRE_USE_CHUNKED_PREFILL": "1"}, ()),
    "legacy": (CB, ()),
    "seed": ({**CB, "VLLM_SPYRE_ENABLE_PREFILL_OPTIMIZATION": "0"}, ()),
}
STREAMS, PROMPT, ANSWER = 64, 128, 64
READERS, LONG_PROMPT, LONG_EVERY_S, LATENCY_S = 4, 2000, 1.0, 12


def serve(options, mode: str, *flags) -> Server:
    env, own = MODES[mode]
    return Server(options.spyre, options.model, *own, *flags, env=env)


def random_prompt(dice: random.Random, tokens: int) -> list[int]:
    return [dice.randrange(1000, 40000) for _ in range(tokens)]


# --- throughput


def our_throughput(options, mode: str) -> float:
    """Tokens a second, prompts and answers, from the first request to the last answer."""
    with serve(options, mode, "--max-num-seqs", STREAMS, "--max-model-len", 512) as server:
        done = subprocess.run(
            [options.spyre, "bench", "serve", "--base-url", f"http://127.0.0.1:{server.port}"]
            + ["--random-input-len", str(PROMPT), "--random-output-len", str(ANSWER)]
            + ["--num-prompts", str(STREAMS), "--max-concurrency", str(STREAMS), "--ignore-eos"],
            check=True,
            capture_output=True,
            text=True,
        )
    return float(re.search(r"Total token throughput \(tok/s\):\s+([\d.]+)", done.stdout)[1])


def their_throughput(options, program: str) -> float:
    done = subprocess.run(
        [program, "-m", options.model, "-t", "2", "-tb", "2", "-npp", str(PROMPT), "-ntg", str(ANSWER)]
        + ["-npl", str(STREAMS), "-c", str(STREAMS * (PROMPT + ANSWER)), "--output-format", "jsonl"],
        check=True,
        capture_output=True,
        text=True,
    )
    [row] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return row["speed"]


def vllm_throughput(options) -> float:
    done = subprocess.run(
        [options.vllm, str(ROOT / "bench/serving/vllm_throughput.py"), "--streams", str(STREAMS)]
        + ["--prompt", str(PROMPT), "--answer", str(ANSWER), "--rounds", "2"],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])["tokens_per_second"]


def measure_throughput(options) -> dict:
    program = str(build_llama_cpp.build()["llama-batched-bench"])
    peer = "vLLM" if options.vllm else "llama.cpp"
    samples = {mode: [] for mode in options.modes} | {peer: []}
    for _ in range(options.pairs):
        for mode in options.modes:
            theirs = vllm_throughput(options) if options.vllm else their_throughput(options, program)
            samples[peer].append(theirs)
            samples[mode].append(our_throughput(options, mode))
    theirs = statistics.median(samples[peer])
    print(f"\n{STREAMS} streams of {PROMPT} + {ANSWER} tokens, tokens/s, prompts and answers\n")
    for name, values in samples.items():
        middle = statistics.median(values)
        print(f"| {name} | {middle:.0f} | {min(values):.0f} to {max(values):.0f} | {middle / theirs:.2f} |")
    return samples


# --- gaps between tokens


def read_answers(server: Server, stop: threading.Event, gaps: list[float], dice: random.Random) -> None:
    while not stop.is_set():
        body = {"prompt": random_prompt(dice, 32), "max_tokens": 1000, "ignore_eos": True, "temperature": 0}
        before = None
        for now in server.token_times(body):
            if before is not None:
                gaps.append(now - before)
            before = now


def measure_latency(options) -> dict:
    print(f"\n{READERS} readers, a prompt of {LONG_PROMPT} tokens every {LONG_EVERY_S:.0f} s: ms between tokens\n")
    results = {}
    for mode in options.modes:
        with serve(options, mode, "--max-num-seqs", 16, "--max-model-len", 4096, *options.flags) as server:
            stop, gaps, dice = threading.Event(), [], random.Random(1)
            readers = [
                threading.Thread(target=read_answers, args=(server, stop, gaps, random.Random(i)))
                for i in range(READERS)
            ]
            for reader in readers:
                reader.start()
            time.sleep(1)
            gaps.clear()
            arrivals, first = [], []
            for _ in range(int(LATENCY_S / LONG_EVERY_S)):
                body = {"prompt": random_prompt(dice, LONG_PROMPT), "max_tokens": 1}
                arrivals.append(threading.Thread(target=lambda b=body: first.append(server.first_token_s(b))))
                arrivals[-1].start()
                time.sleep(LONG_EVERY_S)
            taken = sorted(gaps)
            stop.set()
            server.stop()  # whoever still reads has nothing to tell any more
        median, p99 = statistics.median(taken), taken[int(0.99 * len(taken))]
        results[mode] = {"median_s": median, "p99_s": p99, "worst_s": taken[-1], "first_token_s": first}
        print(
            f"| {mode} | median {median * 1e3:.1f} | p99 {p99 * 1e3:.1f} | worst {taken[-1] * 1e3:.0f} | "
            f"p99/median {p99 / median:.2f} | long prompts' first token {statistics.median(first):.2f} s |"
        )
    return results


# --- repeated prompts


def measure_prefix(options) -> dict:
    print("\nfirst token of a prompt of 1500 tokens, new and repeated\n")
    results = {}
    for mode in options.modes:
        if mode not in ("mixed", "chunked"):
            continue
        with serve(options, mode, "--max-num-seqs", 8, "--max-model-len", 2048) as server:
            dice, ratios = random.Random(5), []
            for _ in range(options.pairs):
                body = {"prompt": random_prompt(dice, 1500), "max_tokens": 2, "temperature": 0}
                new = server.first_token_s(body)
                again = statistics.median(server.first_token_s(body) for _ in range(5))
                ratios.append((new, again))
        middle = statistics.median(new / again for new, again in ratios)
        results[mode] = ratios
        new, again = (statistics.median(side) * 1e3 for side in zip(*ratios, strict=True))
        print(f"| {mode} | new {new:.0f} ms | repeated {again:.1f} ms | {middle:.1f} times sooner |")
    return results


MEASURES = {"throughput": measure_throughput, "latency": measure_latency, "prefix": measure_prefix}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spyre", default=str(ROOT / "build/release/spyre"))
    default = pathlib.Path.home() / ".cache/spyre/peers-models/smollm2-135m-q4_0.gguf"
    parser.add_argument("--model", default=str(default))
    parser.add_argument("--measure", default="throughput,latency,prefix")
    parser.add_argument("--modes", default="mixed,chunked,legacy,seed")
    parser.add_argument("--flags", default="", help="for the server that gaps between tokens are measured on")
    parser.add_argument("--vllm", metavar="PYTHON", help="instead of llama.cpp")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    options.modes = options.modes.split(",")
    options.flags = options.flags.split()
    results = {name: MEASURES[name](options) for name in options.measure.split(",")}
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
