"""The server's life from outside: it listens at once, says when it is ready, drains, and dies with a reason."""

import http.client
import json
import signal
import socket
import threading
import time
import unittest

from demo import demo_model
from harness import LLAMA
from server import ServerTest, shapes

SMALL = shapes("64", "64", "4")


class Start(ServerTest):
    def test_it_listens_before_it_is_ready(self):
        server = self.serve(demo_model(), env=shapes("512", "64", "4"), ready=False)
        status, headers, body = server.request("GET", "/ready")
        if status != 200:  # else the model loaded faster than we could ask
            self.assertEqual(status, 503)
            self.assertIn(json.loads(body)["phase"], ("loading", "compiling", "warming up"))
            status, headers, body = server.request("POST", "/v1/completions", {"prompt": "a"})
            self.assertIn(status, (200, 503))
            if status == 503:
                self.assertGreater(int(headers["retry-after"]), 0)
        server.wait_ready()
        self.assertEqual(server.request("GET", "/health")[0], 200)
        self.assertEqual(server.get_json("/ready")["status"], "ready")

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.assert_refused("serve", LLAMA, "--host", "127.0.0.1", "--port", port, says=("--port", str(port)))

    def test_a_model_that_is_not_there(self):
        self.assert_refused("serve", self.folder / "nothing", says=("nothing",))

    def test_a_socket_file(self):
        path = self.folder / "spyre.sock"
        server = self.serve(LLAMA, "--uds", path, env=SMALL, ready=False)
        answer = b""
        end = time.monotonic() + 60
        while b" 200 " not in answer.split(b"\r\n")[0] and time.monotonic() < end:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = b"".join(iter(lambda: client.recv(4096), b""))
        self.assertIn(b"200", answer.split(b"\r\n")[0])
        self.assertEqual(server.stop(), 0)
        self.assertFalse(path.exists())


class Stop(ServerTest):
    def slow_request(self, server, tokens: int) -> tuple[threading.Thread, dict]:
        """Starts a request that takes a while; its answer lands in the dictionary."""
        result = {}

        def ask():
            try:
                body = {"prompt": [5] * 400, "max_tokens": tokens, "ignore_eos": True}
                result["status"], _, result["body"] = server.request("POST", "/v1/completions", body)
            except (OSError, http.client.HTTPException) as problem:
                result["problem"] = problem

        thread = threading.Thread(target=ask)
        thread.start()
        while server.metric("vllm:num_requests_running") == 0 and thread.is_alive():
            time.sleep(0.01)
        return thread, result

    def test_an_idle_server_ends_at_once(self):
        for sign in (signal.SIGTERM, signal.SIGINT):
            server = self.serve(LLAMA, env=SMALL)
            start = time.monotonic()
            self.assertEqual(server.stop(sign), 0)
            self.assertLess(time.monotonic() - start, 10)

    def test_what_runs_is_finished_first(self):
        server = self.serve(demo_model(), env=shapes("512", "256", "2"))
        thread, result = self.slow_request(server, 256)
        server.process.send_signal(signal.SIGTERM)
        while thread.is_alive() and server.request("GET", "/ready")[0] == 200:
            time.sleep(0.01)
        seen = set()
        while server.process.poll() is None and thread.is_alive():
            try:
                seen.add(("/ready", server.request("GET", "/ready")[0]))
                seen.add(("/health", server.request("GET", "/health")[0]))
                seen.add(("new", server.request("POST", "/v1/completions", {"prompt": [5]})[0]))
            except (OSError, http.client.HTTPException):
                break
            time.sleep(0.05)
        self.assertEqual(server.process.wait(60), 0)
        thread.join()
        self.assertEqual(result.get("status"), 200, result)
        self.assertEqual(json.loads(result["body"])["usage"]["completion_tokens"], 256)
        self.assertIn(("/ready", 503), seen)
        self.assertIn(("new", 503), seen)

    def test_time_to_drain_is_limited(self):
        server = self.serve(demo_model(), "--shutdown-timeout", "0", env=shapes("512", "4096", "2"))
        thread, result = self.slow_request(server, 4096)
        start = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - start, 15)
        thread.join()
        self.assertEqual(result.get("status"), 200, result)
        self.assertEqual(json.loads(result["body"])["choices"][0]["finish_reason"], "abort")

    def test_a_second_signal_forces(self):
        server = self.serve(demo_model(), env=shapes("512", "4096", "2"))
        thread, _ = self.slow_request(server, 4096)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        start = time.monotonic()
        self.assertNotEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - start, 5)
        thread.join()


class Leaving(ServerTest):
    def test_a_client_that_leaves_is_an_abort(self):
        server = self.serve(demo_model(), env=shapes("512", "4096", "2"))
        connection = server.connection()
        body = {"prompt": [5] * 40, "max_tokens": 4000, "ignore_eos": True, "stream": True}
        connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.readline()
        end = time.monotonic() + 30
        while server.metric("vllm:num_requests_running") == 0 and time.monotonic() < end:
            time.sleep(0.01)
        answer.close()
        connection.close()
        end = time.monotonic() + 30
        while server.metric("vllm:num_requests_running") and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(server.metric("vllm:num_requests_running"), 0)
        self.assertEqual(server.metric("vllm:request_success_total", finished_reason="abort"), 1)
        self.assertEqual(server.metric("vllm:kv_cache_usage_perc"), 0)
        self.assertEqual(server.request("POST", "/v1/completions", {"prompt": [5], "max_tokens": 2})[0], 200)


if __name__ == "__main__":
    unittest.main()
