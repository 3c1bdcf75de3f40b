#!/usr/bin/env python3
"""Our speed as a ratio to llama.cpp's, on the same model files, in alternating pairs of one run: absolute numbers
change with the hour and the neighbours, the ratio of two runs side by side much less. Prints Markdown tables; --json
writes all samples, from which report.py makes tables and plot again. What is measured on either side stands in
docs/performance.md.

    bench/peers/compare.py [--models NAME,...|--model FILE.gguf] [--pairs 5] [--json FILE] [--svg FILE]
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

import build_llama_cpp
import models
import report

ROOT = pathlib.Path(__file__).resolve().parents[2]
ISA_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
BATCH_PROMPT = 16  # tokens of each row of a batch before those that are counted
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


# --- running programs


def busy_seconds() -> float:
    """CPU time of everything on this machine since it started, and what a hypervisor gave to others."""
    ticks = list(map(int, pathlib.Path("/proc/stat").read_text().split()[1:9]))
    user, nice, system, _idle, _wait, irq, softirq, steal = ticks
    return (user + nice + system + irq + softirq + steal) / CLOCK_TICKS


class Run:
    """A program run to its end: its output, its peak resident set, and how many CPUs others kept busy meanwhile."""

    def __init__(self, *command):
        words = list(map(str, command))
        start, busy = time.monotonic(), busy_seconds()
        with tempfile.TemporaryFile() as errors:
            with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors) as process:
                self.output = process.stdout.read().decode()
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                errors.seek(0)
                tail = errors.read().decode(errors="replace")[-2000:]
                sys.exit(f"{shlex.join(words)[:300]} ended with {process.returncode}:\n{tail}")
        others = busy_seconds() - busy - usage.ru_utime - usage.ru_stime
        self.others = max(0.0, others / (time.monotonic() - start))
        self.peak_bytes = usage.ru_maxrss * 1024


# --- the two sides: each gives a sample, {quantity: value}


def prefill_name(options: argparse.Namespace) -> str:
    return f"prefill {options.prefill}"


def decode_name(options: argparse.Namespace) -> str:
    return f"decode {options.decode}"


def batch_name(options: argparse.Namespace, rows: int) -> str:
    return f"decode {options.batch_decode}, {rows} rows"


def theirs(options: argparse.Namespace, model: pathlib.Path) -> dict[str, float]:
    sample, others = {}, 0.0
    if options.prefill or options.decode:
        command = (options.programs["llama-bench"], "-m", model, "-t", options.threads, "-r", 1, "-o", "json")
        run = Run(*command, "-p", options.prefill, "-n", options.decode)
        for row in json.loads(run.output):
            sample[decode_name(options) if row["n_gen"] else prefill_name(options)] = row["avg_ts"]
        others = run.others
    if options.batches:
        run = Run(
            options.programs["llama-batched-bench"],
            *("-m", model, "-t", options.threads, "-tb", options.threads),
            *("-npp", BATCH_PROMPT, "-ntg", options.batch_decode, "-npl", ",".join(map(str, options.batches))),
            *("-c", max(options.batches) * (BATCH_PROMPT + options.batch_decode), "--output-format", "jsonl"),
        )
        for line in run.output.splitlines():
            if line.startswith("{"):
                row = json.loads(line)
                sample[batch_name(options, row["pl"])] = row["speed_tg"]
        others = max(others, run.others)
    return sample | {"others": others}


def prompt(tokens: int, row: int = 0) -> list[int]:
    return [100 + (7 * i + 31 * row) % 1000 for i in range(tokens)]


def generate(options: argparse.Namespace, model: pathlib.Path, *arguments) -> Run:
    return Run(options.spyre, "generate", model, "--threads", options.threads, *arguments)


def generate_one(options: argparse.Namespace, model: pathlib.Path, prompt_tokens: int, max_tokens: int):
    ids = ",".join(map(str, prompt(prompt_tokens)))
    run = generate(
        options,
        model,
        *("--token-ids", ids, "--max-tokens", max_tokens),
        *("--ignore-eos", "--temperature", 0, "--format", "json"),
    )
    return run, json.loads(run.output)


def generate_batch(options: argparse.Namespace, model: pathlib.Path, rows: int) -> tuple[Run, float]:
    """Decoded tokens/s of all rows together. Prompts run first, one after another: the last request decodes from its
    first token on with all the others, until all of them end in the same step."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as requests:
        for row in range(rows):
            request = {"id": str(row), "prompt_token_ids": prompt(BATCH_PROMPT, row)}
            request |= {"max_tokens": options.batch_decode + 1, "temperature": 0, "ignore_eos": True}
            requests.write(json.dumps(request) + "\n")
        requests.flush()
        longest = BATCH_PROMPT + options.batch_decode + 1
        run = generate(options, model, "--input", requests.name, "--max-num-seqs", rows, "--max-model-len", longest)
    answers = [json.loads(line) for line in run.output.splitlines()]
    seconds = [answer["timings"]["decode_seconds"] for answer in answers]
    if len(answers) != rows or any(len(answer["token_ids"]) != options.batch_decode + 1 for answer in answers):
        sys.exit(f"{options.spyre}: wanted {rows} answers of {options.batch_decode + 1} tokens, found others")
    if seconds != sorted(seconds, reverse=True):
        sys.exit(f"{options.spyre}: the {rows} rows did not decode together")
    return run, rows * options.batch_decode / seconds[-1]


def ours(options: argparse.Namespace, model: pathlib.Path) -> dict[str, float]:
    sample, runs, loads = {}, [], []
    if options.prefill:
        run, answer = generate_one(options, model, options.prefill, 1)
        sample[prefill_name(options)] = answer["timings"]["prefill_tokens_per_second"]
        runs.append(run)
        loads.append(answer["timings"]["load_seconds"])
    if options.decode:
        # llama-bench decodes from an empty context; one token is the shortest prompt there is.
        run, answer = generate_one(options, model, 1, options.decode + 1)
        sample[decode_name(options)] = answer["timings"]["decode_tokens_per_second"]
        runs.append(run)
        loads.append(answer["timings"]["load_seconds"])
    if loads:
        sample |= {"load seconds": min(loads), "peak MB": max(run.peak_bytes for run in runs) / 1e6}
    for rows in options.batches:
        run, sample[batch_name(options, rows)] = generate_batch(options, model, rows)
        runs.append(run)
    return sample | {"others": max(run.others for run in runs)}


# --- the machine


def bandwidth_program() -> pathlib.Path:
    """bench/bandwidth, built once per state of its source."""
    folder = ROOT / "bench/bandwidth"
    source = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    program = build_llama_cpp.cache_folder() / "peers" / f"read-bandwidth-{hashlib.sha256(source).hexdigest()[:12]}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        aside = program.with_name(program.name + ".new")
        command = ["g++", "-std=c++20", "-O2", "-pthread", folder / "read_bandwidth.cc", "-o", aside]
        subprocess.run(list(map(str, command)), check=True)
        aside.rename(program)
    return program


def machine(options: argparse.Namespace) -> dict:
    text = pathlib.Path("/proc/cpuinfo").read_text()
    flags = set(re.search(r"^flags\s*:(.*)$", text, re.MULTILINE).group(1).split())
    return {
        "cpu": re.search(r"^model name\s*:\s*(.*)$", text, re.MULTILINE).group(1),
        "cpus": os.cpu_count(),
        "isa": [flag for flag in ISA_FLAGS if flag in flags],
        "threads": options.threads,
        "backend": os.environ.get("VLLM_SPYRE_DYNAMO_BACKEND", "sendnn"),
        "spyre": Run(options.spyre, "version").output.strip(),
        "peer": f"llama.cpp of {build_llama_cpp.PACKAGE} {build_llama_cpp.VERSION}",
        "date": time.strftime("%Y-%m-%d"),
    }


def weight_bytes(options: argparse.Namespace, model: pathlib.Path) -> float:
    """What a step of decoding reads: all weights, as the embeddings of these models are the output matrix as well."""
    text = Run(options.spyre, "inspect", model).output
    return float(re.search(r"^weights +([\d.]+) MB in memory", text, re.MULTILINE)[1]) * 1e6


# --- the run


@contextlib.contextmanager
def locked(path: str | None):
    if path is None:
        yield
        return
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_pair(options: argparse.Namespace, model: pathlib.Path, index: int) -> dict:
    sides = [("theirs", theirs), ("ours", ours)]
    pair = {}

    def probe() -> float:
        return float(Run(bandwidth_program(), options.threads).output)

    with locked(options.lock):
        before = probe()
        for name, measure in sides if index % 2 == 0 else sides[::-1]:
            pair[name] = measure(options, model)
        pair["read_bandwidth"] = max(before, probe())
    for name, _ in sides:
        values = ", ".join(f"{key} {value:.1f}" for key, value in pair[name].items())
        print(f"{model.stem}, pair {index + 1}, {name}: {values}", file=sys.stderr)
    return pair


def quiet_pair(options: argparse.Namespace, model: pathlib.Path, index: int) -> dict:
    """A pair that others disturbed is run again, twice at most: the last one counts, however it went."""
    for _ in range(2):
        pair = run_pair(options, model, index)
        if not report.disturbed(pair):
            return pair
    return run_pair(options, model, index)


def compare(options: argparse.Namespace, name: str, model: pathlib.Path) -> dict:
    return {
        "model": name,
        "file_bytes": model.stat().st_size,
        "weight_bytes": weight_bytes(options, model),
        "machine": machine(options),
        "quantities": [
            *([{"name": prefill_name(options), "rows": 0}] if options.prefill else []),
            *([{"name": decode_name(options), "rows": 1}] if options.decode else []),
            *({"name": batch_name(options, rows), "rows": rows} for rows in options.batches),
        ],
        "pairs": [quiet_pair(options, model, index) for index in range(options.pairs)],
    }


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--models", default=",".join(models.SMALL), help="names of models.py (default: %(default)s)")
    which.add_argument("--model", help="a GGUF file that both can read")
    parser.add_argument("--pairs", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--prefill", type=int, default=512, help="prompt tokens, 0: none (default: %(default)s)")
    parser.add_argument("--decode", type=int, default=128, help="generated tokens, 0: none (default: %(default)s)")
    parser.add_argument("--batches", default="16,64", help="rows decoded together, '': none (default: %(default)s)")
    parser.add_argument("--batch-decode", type=int, default=64, help="tokens of each row (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of both sides (default: %(default)s)")
    parser.add_argument("--spyre", default=str(ROOT / "build/release/spyre"), help="our binary (default: %(default)s)")
    parser.add_argument("--lock", help="file that is locked during each pair, for a machine that several measure on")
    parser.add_argument("--json", type=pathlib.Path, help="file for every sample")
    parser.add_argument("--svg", type=pathlib.Path, help="file for a plot of the ratios")
    options = parser.parse_args()
    options.batches = [int(rows) for rows in options.batches.split(",") if rows]
    if min(options.pairs, options.threads, options.batch_decode, *options.batches) < 1:
        parser.error("--pairs, --threads, --batches and --batch-decode: wanted at least 1")
    if not (options.prefill or options.decode or options.batches):
        parser.error("wanted something to measure: --prefill, --decode or --batches")
    if unknown := [name for name in options.models.split(",") if name not in models.NAMES]:
        parser.error(f"--models: {unknown[0]!r} is none of {', '.join(models.NAMES)}")
    if not pathlib.Path(options.spyre).exists():
        parser.error(f"--spyre: {options.spyre} does not exist; build it by: cmake --build --preset release")
    return options


def main() -> None:
    options = parse()
    options.programs = build_llama_cpp.build()
    names = [pathlib.Path(options.model).stem] if options.model else options.models.split(",")
    results = []
    for name in names:
        file = pathlib.Path(options.model) if options.model else models.make(name)
        results.append(compare(options, name, file))
        if options.json:  # after every model, for who is tired of waiting
            options.json.write_text(json.dumps(results, indent=1) + "\n")
    print(report.markdown(results))
    if options.svg:
        options.svg.write_text(report.svg(results))


if __name__ == "__main__":
    main()
