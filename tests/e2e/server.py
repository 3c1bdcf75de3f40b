"""A running `spyre serve`, for tests: started on a free port, asked over HTTP, stopped at the end of the test."""

import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

from harness import BINARY, ROOT, SECONDS, SpyreTest, clean_environment

LISTENING = re.compile(r"listening on (?:https?://\S+?:(\d+)|(unix:\S+))")


def with_clients() -> None:
    """Starts this test again under the Python that has the packages of requirements.txt; called before they are
    imported. Where they cannot be had the test is skipped, and says so."""
    if os.environ.get("SPYRE_TEST_CLIENTS"):
        return
    done = subprocess.run([str(ROOT / "scripts/python_env")], capture_output=True, text=True, timeout=900)
    if done.returncode != 0:
        print(f"no Python with the client packages: {done.stderr[-500:]}")
        print("Ran 1 test in 0s\n\nOK (skipped=1)")
        sys.exit(0)
    python = done.stdout.strip()
    os.environ["SPYRE_TEST_CLIENTS"] = python
    os.execv(python, [python, "-B", *sys.argv])


class Server:
    """One process. `log` is what it wrote on standard error so far."""

    def __init__(self, *arguments, env: dict | None = None, host: str = "127.0.0.1"):
        network = [] if "--uds" in arguments else ["--host", host, "--port", "0"]
        self.process = subprocess.Popen(
            [BINARY, "serve", *map(str, arguments), *network],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=clean_environment(**(env or {})),
        )
        self.host = host
        self.port = None
        self.log = ""
        self.listening = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in iter(self.process.stdout.readline, b""):
            self.log += line.decode(errors="replace")
            found = LISTENING.search(self.log)
            if found and not self.listening.is_set():
                self.port = int(found[1]) if found[1] else None
                self.listening.set()
        self.listening.set()

    def wait_listening(self) -> "Server":
        self.listening.wait(SECONDS)
        assert self.process.poll() is None and LISTENING.search(self.log), self.log[-3000:]
        return self

    def wait_ready(self, seconds: float = 120) -> "Server":
        self.wait_listening()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log[-3000:]
            if self.request("GET", "/ready")[0] == 200:
                return self
            time.sleep(0.02)
        raise AssertionError(f"not ready after {seconds} s:\n{self.log[-3000:]}")

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def connection(self, timeout: float = SECONDS) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def request(self, method: str, path: str, body=None, headers: dict | None = None) -> tuple[int, dict, bytes]:
        """Status, headers and body. A body that is no text or bytes is sent as JSON."""
        connection = self.connection()
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def get_json(self, path: str) -> dict:
        status, _, body = self.request("GET", path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def post(self, path: str, body, status: int = 200) -> dict:
        found, _, answer = self.request("POST", path, body)
        assert found == status, (path, found, answer[:2000])
        return json.loads(answer)

    def stream(self, path: str, body: dict):
        """The events of a streamed answer, parsed; ends at [DONE], which must come."""
        connection = self.connection()
        try:
            connection.request("POST", path, json.dumps({**body, "stream": True}), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert answer.status == 200, (answer.status, answer.read()[:2000])
            assert answer.getheader("content-type") == "text/event-stream; charset=utf-8"
            for line in answer:
                text = line.decode().rstrip("\n")
                if text.startswith(":") or not text:
                    continue
                assert text.startswith("data: "), text
                if text == "data: [DONE]":
                    return
                yield json.loads(text[6:])
            raise AssertionError("the stream ended without [DONE]")
        finally:
            connection.close()

    def metrics(self) -> dict[str, float]:
        """Every sample of /metrics, by its name with labels."""
        status, _, body = self.request("GET", "/metrics")
        assert status == 200
        lines = [line for line in body.decode().splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def metric(self, name: str, **labels: str) -> float:
        """The sum over the series of this name that have these labels."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(
            value
            for series, value in self.metrics().items()
            if series.split("{")[0] == name and all(label in series for label in wanted)
        )

    def resident_bytes(self) -> int:
        fields = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self, sign: int = signal.SIGTERM, seconds: float = 60) -> int:
        """The exit status after a signal."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        status = self.process.wait(timeout=seconds)
        self.reader.join(timeout=10)
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(timeout=10)
        self.process.stdout.close()


class ServerTest(SpyreTest):
    """Tests with servers of their own."""

    def serve(self, *arguments, env: dict | None = None, ready: bool = True, **options) -> Server:
        server = Server(*arguments, env=env, **options)
        self.addCleanup(server.kill)
        return server.wait_ready() if ready else server.wait_listening()


def shapes(prompts: str, answers: str, batches: str) -> dict[str, str]:
    """The three lists, as an environment."""
    return {
        "VLLM_SPYRE_WARMUP_PROMPT_LENS": prompts,
        "VLLM_SPYRE_WARMUP_NEW_TOKENS": answers,
        "VLLM_SPYRE_WARMUP_BATCH_SIZES": batches,
    }
