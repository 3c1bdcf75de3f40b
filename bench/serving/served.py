"""A `spyre serve` to measure: started on a free port, asked over HTTP, stopped at the end."""

import http.client
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator


JSON = {"Content-Type": "application/json"}


class Server:
    def __init__(self, spyre: str, model: str, *flags, env: dict[str, str] | None = None):
        self.process = subprocess.Popen(
            ["env", *(f"{key}={value}" for key, value in (env or {}).items()), spyre, "serve", model]
            + ["--host", "127.0.0.1", "--port", "0", *map(str, flags)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stderr:
            found = re.search(r"listening on http://127.0.0.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        while True:
            probe = self.connection()
            probe.request("GET", "/ready")
            if probe.getresponse().status == 200:
                return
            time.sleep(0.05)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)

    def post(self, path: str, body: dict) -> bytes:
        connection = self.connection()
        connection.request("POST", path, json.dumps(body), JSON)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content[:500]
        connection.close()
        return content

    def token_times(self, body: dict) -> Iterator[float]:
        """When each event of a streamed completion comes, after the request was sent; the first is the first token."""
        connection = self.connection()
        start = time.perf_counter()
        connection.request("POST", "/v1/completions", json.dumps(body | {"stream": True}), JSON)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()[:500]
        while line := answer.readline():
            if line.startswith(b"data: {"):
                yield time.perf_counter() - start
        connection.close()

    def first_token_s(self, body: dict) -> float:
        return list(self.token_times(body))[0]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
