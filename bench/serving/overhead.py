#!/usr/bin/env python3
"""What the server costs: tokens per second of one stream through HTTP against `spyre generate` on the same prompt, in
alternating pairs, and how soon /health answers while the engine is busy.

    bench/serving/overhead.py [--spyre BINARY] [--model FILE] [--pairs N] [--json FILE]

Each side's time is its own: `generate` says its prefill and decode seconds; of the server it is the time from the
request to the end of the answer, as the client sees it, so that everything between is in it."""

import argparse
import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

from served import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMPT = [1000 + (i * 7919) % 40000 for i in range(64)]
TOKENS = 256


def generate_seconds(spyre: str, model: str) -> float:
    command = [spyre, "generate", model, "--token-ids", ",".join(map(str, PROMPT)), "--max-tokens", str(TOKENS)]
    command += ["--ignore-eos", "--temperature", "0", "--format", "json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    timings = json.loads(done.stdout)["timings"]
    return timings["prefill_seconds"] + timings["decode_seconds"]


def request_body(stream: bool) -> str:
    return json.dumps(
        {"prompt": PROMPT, "max_tokens": TOKENS, "ignore_eos": True, "temperature": 0, "stream": stream}
    )


def served_seconds(port: int, stream: bool) -> float:
    """From the request to the end of the answer. The client sleeps until all of it is there: what a client does with
    each token is not the server's cost, but would take its time on the same cores."""
    body = request_body(stream)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1 << 20)
        start = time.perf_counter()
        head = f"POST /v1/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        client.sendall(f"{head}Content-Type: application/json\r\n\r\n{body}".encode())
        answer = b""
        while piece := client.recv(1 << 22):
            answer += piece
        seconds = time.perf_counter() - start
    assert answer.startswith(b"HTTP/1.1 200"), answer[:300]
    return seconds


SHAPES = {
    "VLLM_SPYRE_WARMUP_PROMPT_LENS": "64",
    "VLLM_SPYRE_WARMUP_NEW_TOKENS": "256",
    "VLLM_SPYRE_WARMUP_BATCH_SIZES": "4",
}


def health_seconds(server: Server, seconds: float) -> list[float]:
    """Times of /health on a kept connection, 100 a second, while other processes keep the engine busy."""
    load = [
        subprocess.Popen([sys.executable, __file__, "--load", str(server.port), "--seconds", str(seconds + 1)])
        for _ in range(4)
    ]
    time.sleep(0.5)
    try:  # what is measured is the server, not how long this process waits for a CPU among the load's
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        print("no right to real-time priority: times of /health include waits of the client", file=sys.stderr)
    times = []
    connection = server.connection()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        connection.request("GET", "/health")
        connection.getresponse().read()
        times.append(time.perf_counter() - start)
        time.sleep(0.01)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    for process in load:
        process.wait()
    return times


def run_load(port: int, seconds: float) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection.request("POST", "/v1/completions", request_body(True), {"Content-Type": "application/json"})
        connection.getresponse().read()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spyre", default=str(ROOT / "build/release/spyre"))
    parser.add_argument("--model", help="default: the demo model")
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=10, help="of the /health measurement")
    parser.add_argument("--load", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        return run_load(options.load, options.seconds)

    model = options.model or subprocess.run(
        [ROOT / "scripts/demo_model"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    server = Server(options.spyre, model, env=SHAPES)
    served_seconds(server.port, False)
    rows = []
    for pair in range(options.pairs):
        offline = generate_seconds(options.spyre, model)
        rows.append((offline, served_seconds(server.port, False), served_seconds(server.port, True)))
        whole, stream = (rows[-1][i] / offline - 1 for i in (1, 2))
        print(f"pair {pair + 1}: generate {TOKENS / offline:.1f} tokens/s; served {whole:+.1%}, streamed {stream:+.1%}")
    health = sorted(health_seconds(server, options.seconds))
    server.stop()
    result = {
        "generate_tokens_per_second": TOKENS / statistics.median(row[0] for row in rows),
        "served_overhead": statistics.median(row[1] / row[0] - 1 for row in rows),
        "streamed_overhead": statistics.median(row[2] / row[0] - 1 for row in rows),
        "health_p50_ms": 1000 * health[len(health) // 2],
        "health_p99_ms": 1000 * health[int(len(health) * 0.99)],
        "health_max_ms": 1000 * health[-1],
        "health_count": len(health),
    }
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
