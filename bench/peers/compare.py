#!/usr/bin/env python3
"""Our speed as a ratio to llama.cpp's, on the same model file, in alternating pairs of one run: absolute numbers
change with the hour and the neighbours, the ratio of two runs side by side much less. Prints a Markdown table;
--json writes all samples. What is measured on either side stands in docs/performance.md.

    bench/peers/compare.py [--model FILE.gguf] [--pairs 5] [--prefill 512] [--decode 128] [--threads 2] [--json FILE]
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ISA_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
SCAN_BYTES = 256 << 20  # far past any last-level cache of a two-core machine


def output_of(*command) -> str:
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


# --- the two sides: each returns {quantity: value}


def run_theirs(options: argparse.Namespace) -> dict[str, float]:
    done = subprocess.run(
        [
            options.llama_bench,
            "-m",
            options.model,
            "-p",
            str(options.prefill),
            "-n",
            str(options.decode),
            "-t",
            str(options.threads),
            "-r",
            "1",
            "-o",
            "json",
        ],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    by_kind = {"decode" if row["n_gen"] else "prefill": row["avg_ts"] for row in json.loads(done.stdout)}
    return {"prefill tokens/s": by_kind["prefill"], "decode tokens/s": by_kind["decode"]}


def generate(options: argparse.Namespace, prompt_tokens: int, max_tokens: int) -> tuple[dict, float]:
    """Our timings and the peak resident set in bytes, for a prompt of that many ids."""
    ids = ",".join(str(100 + 7 * i % 1000) for i in range(prompt_tokens))
    command = [
        options.spyre,
        "generate",
        options.model,
        "--token-ids",
        ids,
        "--max-tokens",
        str(max_tokens),
        "--ignore-eos",
        "--temperature",
        "0",
        "--threads",
        str(options.threads),
        "--format",
        "json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command[:3])} ended with {process.returncode}")
    result = json.loads(output)
    if len(result["token_ids"]) != max_tokens:
        sys.exit(f"wanted {max_tokens} tokens of {options.spyre}, found {len(result['token_ids'])}")
    return result["timings"], usage.ru_maxrss * 1024


def run_ours(options: argparse.Namespace) -> dict[str, float]:
    prefill, prefill_peak = generate(options, options.prefill, 1)
    # llama-bench decodes from an empty context; one token is the shortest prompt there is.
    decode, decode_peak = generate(options, 1, options.decode + 1)
    return {
        "prefill tokens/s": prefill["prefill_tokens_per_second"],
        "decode tokens/s": decode["decode_tokens_per_second"],
        "load seconds": min(prefill["load_seconds"], decode["load_seconds"]),
        "peak memory MB": max(prefill_peak, decode_peak) / 1e6,
    }


# --- the machine


def scan(_) -> float:
    """Bytes per second of the best of five scans of memory; a search for an absent byte reads and does little else."""
    data = b"\x02" * SCAN_BYTES  # written, so that every page is memory of its own
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        data.find(b"\x01")
        best = min(best, time.perf_counter() - start)
    return SCAN_BYTES / best


def machine(threads: int) -> dict:
    text = pathlib.Path("/proc/cpuinfo").read_text()
    flags = set(re.search(r"^flags\s*:(.*)$", text, re.MULTILINE).group(1).split())
    with multiprocessing.Pool(threads) as pool:
        bandwidth = sum(pool.map(scan, range(threads)))
    return {
        "cpu": re.search(r"^model name\s*:\s*(.*)$", text, re.MULTILINE).group(1),
        "isa": [flag for flag in ISA_FLAGS if flag in flags],
        "threads": threads,
        "read_bandwidth_gb_per_second": bandwidth / 1e9,
        "load_average": os.getloadavg()[0],
    }


# --- the report


def table(ours: list[dict], theirs: list[dict], facts: dict, model_bytes: int) -> tuple[str, dict]:
    lines = [
        "| quantity | spyre | llama.cpp | ratio (median of pairs) | lowest | highest |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    ratios = {}
    for quantity in theirs[0]:
        pairs = sorted(our[quantity] / their[quantity] for our, their in zip(ours, theirs, strict=True))
        ratios[quantity] = pairs
        lines.append(
            f"| {quantity} | {statistics.median(o[quantity] for o in ours):.1f} "
            f"| {statistics.median(t[quantity] for t in theirs):.1f} "
            f"| **{statistics.median(pairs):.2f}** | {pairs[0]:.2f} | {pairs[-1]:.2f} |"
        )
    load = statistics.median(our["load seconds"] for our in ours)
    peak = max(our["peak memory MB"] for our in ours)
    read = statistics.median(our["decode tokens/s"] for our in ours) * model_bytes / 1e9
    bandwidth = facts["read_bandwidth_gb_per_second"]
    lines += [
        "",
        f"Load {load:.2f} s; peak memory {peak:.0f} MB, {peak * 1e6 / model_bytes:.2f} times the file "
        f"({model_bytes / 1e6:.0f} MB). Decode reads {read:.1f} GB/s of weights, {100 * read / bandwidth:.0f} % of "
        f"the {bandwidth:.1f} GB/s that {facts['threads']} threads read here.",
        f"CPU: {facts['cpu']}; {', '.join(facts['isa']) or 'no AVX2'}; {facts['threads']} threads on both sides; "
        f"load average at the start {facts['load_average']:.1f}.",
    ]
    return "\n".join(lines), ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a GGUF file that both can read (default: the demo model)")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--prefill", type=int, default=512, help="prompt tokens (default: %(default)s)")
    parser.add_argument("--decode", type=int, default=128, help="generated tokens (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--spyre", default=str(ROOT / "build/release/spyre"), help="our binary (default: %(default)s)")
    parser.add_argument("--llama-bench", help="their binary (default: built by build_llama_cpp.py)")
    parser.add_argument("--json", help="file for every sample")
    options = parser.parse_args()
    if options.pairs < 1:
        parser.error(f"--pairs: wanted at least 1, found {options.pairs}")
    if not pathlib.Path(options.spyre).exists():
        parser.error(f"--spyre: {options.spyre} does not exist; build it by: cmake --build --preset release")
    options.model = options.model or output_of(ROOT / "scripts/demo_model")
    options.llama_bench = options.llama_bench or output_of(ROOT / "bench/peers/build_llama_cpp.py")

    facts = machine(options.threads)
    ours, theirs = [], []
    sides = [(run_theirs, theirs, "llama.cpp"), (run_ours, ours, "spyre")]
    for pair in range(options.pairs):
        for run, samples, name in sides if pair % 2 == 0 else sides[::-1]:
            samples.append(run(options))
            print(
                f"pair {pair + 1}, {name}: " + ", ".join(f"{key} {value:.2f}" for key, value in samples[-1].items()),
                file=sys.stderr,
            )
    model = pathlib.Path(options.model)
    text, ratios = table(ours, theirs, facts, model.stat().st_size)
    print(f"{model.name}, prefill {options.prefill}, decode {options.decode}, {options.pairs} pairs\n\n{text}")
    if options.json:
        pathlib.Path(options.json).write_text(
            json.dumps(
                {
                    "model": model.name,
                    "model_bytes": model.stat().st_size,
                    "machine": facts,
                    "prefill_tokens": options.prefill,
                    "decode_tokens": options.decode,
                    "ours": ours,
                    "theirs": theirs,
                    "ratios": ratios,
                },
                indent=1,
            )
            + "\n"
        )


if __name__ == "__main__":
    main()
