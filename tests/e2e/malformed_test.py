"""Hundreds of requests that no client should send, one after the other, against one server. Each has one right answer,
and behind each a good request is answered as the first one was. At the end nothing runs any more, the server leaves in
peace, and, when it was built with sanitizers, they have nothing to say."""

import contextlib
import json
import socket
import struct
import threading
import time
import unittest

import malformed_bodies
import malformed_http
from harness import BERT, LLAMA, ROOT
from server import Server, ServerTest, shapes

GOOD = {"prompt": "Hello", "max_tokens": 3, "temperature": 0, "ignore_eos": True}
LONG = {"prompt": "Hello", "max_tokens": 150, "temperature": 0, "ignore_eos": True}
SECONDS = 30  # for an answer; the server's own limit for a head is 10


def read_answers(received: bytes) -> list[tuple[int, bytes]]:
    """Status and body of each answer in what came over one connection; 100 Continue is none."""
    answers = []
    while received:
        head, end, received = received.partition(b"\r\n\r\n")
        if not end:
            raise AssertionError(f"an answer is cut in its head: {head[:200]}")
        status = int(head.split(b" ", 2)[1])
        if status == 100:
            continue
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        body = b""
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            size = -1
            while size != 0:
                line, _, received = received.partition(b"\r\n")
                size = int(line, 16)
                body += received[:size]
                received = received[size + 2 :]
        else:
            length = int(fields.get(b"content-length", b"0"))
            body, received = received[:length], received[length:]
            assert len(body) == length, f"an answer is cut in its body: {body[-200:]}"
        answers.append((status, body))
    return answers


def post_bytes(path: str, body: bytes, media: str = "application/json", close: bool = True) -> bytes:
    kind = f"Content-Type: {media}\r\n" if media else ""
    last = "Connection: close\r\n" if close else ""
    return f"POST {path} HTTP/1.1\r\nHost: here\r\n{kind}Content-Length: {len(body)}\r\n{last}\r\n".encode() + body


# What a client may send where --trust-request-chat-template lets it: each is refused, in time.
TEMPLATES = (
    "",
    "{{",
    "{% for %}",
    "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "{{ " + "[" * 100_000,
    "{{ 1/0 }}",
    "{{ 2**100000 }}",
    "{{ x.y.z }}",
    "{{ messages[99] }}",
    "{{ messages|nothing }}",
    "{{ raise_exception('no') }}",
    "{% include '/etc/passwd' %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{{ 'a' * 10 ** 18 }}",
    "{{ range(10 ** 12)|list }}",
    "{% for i in range(100000) %}{{ 'x' * 100000 }}{% endfor %}",
    "{{ 'a'|replace('a', 'b' * 1000)|replace('b', 'c' * 1000)|replace('c', 'd' * 1000) }}",
    "{% set a = namespace() %}{% set a.b = a %}{{ a|tojson }}",
    "{% set a = namespace() %}{% set a.b = [a] %}{{ a|string }}",
    "{{ 'word ' * 5000 }}",
)


class Malformed(ServerTest):
    @classmethod
    def setUpClass(cls):
        arguments = ("--served-model-name", "tiny", "--enable-server-load-tracking")
        limits = ("--h11-max-incomplete-event-size", "16384", "--h11-max-header-count", "64")
        environment = {**shapes("64", "180", "4"), "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "1"}
        cls.server = Server(LLAMA, *arguments, *limits, env=environment)
        cls.addClassCleanup(cls.server.kill)
        cls.server.wait_ready()
        cls.right = cls.ask_well()

    @classmethod
    def ask_well(cls):
        answer = cls.server.post("/v1/completions", GOOD)
        return answer["choices"], answer["usage"]

    def connect(self) -> socket.socket:
        return socket.create_connection((self.server.host, self.server.port), timeout=SECONDS)

    def exchange(self, sent: bytes, hang_up: bool = True, server: Server | None = None) -> list[tuple[int, bytes]]:
        """What the server says until it closes."""
        server = server or self.server
        with socket.create_connection((server.host, server.port), timeout=SECONDS) as client:
            received = b""
            with contextlib.suppress(ConnectionError):  # it may have refused before it read all
                client.sendall(sent)
                if hang_up:
                    client.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                while piece := client.recv(65536):
                    received += piece
        return read_answers(received)

    def check_error(self, status: int, body: bytes):
        if status < 400:
            return
        error = json.loads(body)["error"]
        self.assertEqual(set(error), {"message", "type", "param", "code"})
        self.assertEqual(error["code"], status)
        self.assertTrue(error["message"])
        self.assertLess(len(error["message"]), 5000)
        self.assertNotIn(str(ROOT), error["message"])
        self.assertNotIn(".cc", error["message"])

    def check_alive(self):
        self.assertIsNone(self.server.process.poll(), self.server.log[-3000:])
        self.assertEqual(self.ask_well(), self.right)

    def check_idle(self):
        """Nobody's request runs on after its client went away."""
        end = time.monotonic() + SECONDS
        while self.server.get_json("/load")["server_load"] != 0:
            self.assertLess(time.monotonic(), end, "a request is still running")
            time.sleep(0.02)
        if self.server.request("GET", "/metrics")[0] != 200:
            return
        for name in ("vllm:num_requests_running", "vllm:num_requests_waiting"):
            while self.server.metric(name) != 0:
                self.assertLess(time.monotonic(), end, name)
                time.sleep(0.02)

    def test_http(self):
        for name, sent, right in malformed_http.CASES:
            with self.subTest(name):
                answers = self.exchange(sent)
                wanted = right if isinstance(right, tuple) else (right,) if right else ()
                self.assertEqual(tuple(status for status, _ in answers), wanted, answers[-1:])
                for status, body in answers:
                    self.check_error(status, body)
                self.check_alive()

    def test_bodies(self):
        self.assertGreater(len(malformed_bodies.CASES), 200)
        for name, path, body, media, right, blamed in malformed_bodies.CASES:
            with self.subTest(name):
                answers = self.exchange(post_bytes(path, body, media), hang_up=False)
                self.assertEqual([status for status, _ in answers], [right], answers)
                self.check_error(*answers[0])
                if blamed:
                    self.assertIn(blamed, json.loads(answers[0][1])["error"]["param"])
                self.check_alive()

    def test_a_body_over_the_limit_is_refused_before_it_comes(self):
        head = b"POST /v1/completions HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        for more in (b"Content-Length: 1000000000\r\n", b"Content-Length: 1000000000\r\nExpect: 100-continue\r\n"):
            with self.subTest(more):
                self.assertEqual([status for status, _ in self.exchange(head + more + b"\r\n", False)], [413])
                self.check_alive()

    def test_a_half_closed_client_still_gets_its_answer(self):
        for path in ("/v1/completions",) * 3:
            [(status, body)] = self.exchange(post_bytes(path, json.dumps(GOOD).encode(), close=False))
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(body)["choices"], self.right[0])
        [(status, body)] = self.exchange(
            post_bytes("/v1/completions", json.dumps({**GOOD, "stream": True}).encode(), close=False)
        )
        self.assertEqual(status, 200)
        self.assertTrue(body.endswith(b"data: [DONE]\n\n"))
        self.check_alive()

    def leave(self, client: socket.socket, reset: bool):
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    def test_clients_that_leave_in_mid_request(self):
        whole = post_bytes("/v1/completions", json.dumps(LONG).encode())
        for reset in (False, True):
            for cut in (1, 10, 40, len(whole) // 2, len(whole) - 1, len(whole)):
                with self.subTest(reset=reset, cut=cut):
                    client = self.connect()
                    client.sendall(whole[:cut])
                    self.leave(client, reset)
                    self.check_alive()
        self.check_idle()

    def test_clients_that_leave_in_mid_stream(self):
        for reset in (False, True):
            for pieces in (0, 1, 3, 20):
                for path, more in (("/v1/completions", {}), ("/v1/completions", {"n": 3, "temperature": 1})):
                    with self.subTest(reset=reset, pieces=pieces, more=more):
                        client = self.connect()
                        client.sendall(post_bytes(path, json.dumps({**LONG, **more, "stream": True}).encode()))
                        received = b""
                        while received.count(b"data: ") < pieces:
                            received += client.recv(512)
                        self.leave(client, reset)
                        self.check_alive()
        self.check_idle()

    def test_clients_that_never_read(self):
        body = {**LONG, "n": 4, "temperature": 1, "seed": 1, "logprobs": 20, "stream": True}
        clients = []
        for _ in range(8):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect((self.server.host, self.server.port))
            client.sendall(post_bytes("/v1/completions", json.dumps(body).encode()))
            clients.append(client)
            self.check_alive()
        for client in clients:
            self.leave(client, reset=True)
            self.check_alive()
        self.check_idle()

    def test_slow_senders(self):
        """The server waits for a head as long as its limit says, for each client on its own."""
        found = {}

        def send(name: str, sent: bytes, drip: bytes, pause: float):
            with self.connect() as client:
                received = b""
                with contextlib.suppress(ConnectionError):
                    client.sendall(sent)
                    client.settimeout(pause)
                    while True:
                        try:
                            piece = client.recv(65536)
                        except TimeoutError:
                            client.sendall(drip)
                            continue
                        if not piece:
                            break
                        received += piece
                found[name] = [status for status, _ in read_answers(received)]

        slow = {
            "nothing at all": (b"", b"", []),
            "a head without end": (b"GET /health HTTP/1.1\r\n", b"", [408]),
            "a head byte by byte": (b"GET /health HTTP/1.1\r\nName: ", b"x", [408]),
            "a header after the other": (b"GET /health HTTP/1.1\r\nHost: here\r\n", b"A: b\r\n", [408]),
            "a method byte by byte": (b"", b"G", [408]),
            "a request, then nothing": (b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n", b"", [200]),
        }
        threads = [
            threading.Thread(target=send, args=(name, sent, drip, 0.25)) for name, (sent, drip, _) in slow.items()
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.check_alive()
            time.sleep(0.2)
        for name, (_, _, right) in slow.items():
            with self.subTest(name):
                self.assertEqual(found.get(name), right)

    def test_a_slow_body_is_taken(self):
        sent = post_bytes("/v1/completions", json.dumps(GOOD).encode())
        with self.connect() as client:
            for at in range(len(sent)):
                client.sendall(sent[at : at + 1])
                time.sleep(0.002)
            received = b""
            while piece := client.recv(65536):
                received += piece
        [(status, body)] = read_answers(received)
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["choices"], self.right[0])

    def test_templates_of_requests(self):
        server = self.serve(LLAMA, "--trust-request-chat-template", env=shapes("64", "40", "2"))
        good = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3, "temperature": 0}
        right = server.post("/v1/chat/completions", good)["choices"]
        for template in TEMPLATES:
            with self.subTest(template[:60]):
                answer = server.post("/v1/chat/completions", {**good, "chat_template": template}, status=400)
                self.assertIn(answer["error"]["param"], ("chat_template", "messages"))
                self.assertEqual(server.post("/v1/chat/completions", good)["choices"], right)
        self.assertEqual(server.stop(), 0, server.log[-3000:])

    def test_bodies_for_a_pooling_model(self):
        server = self.serve(BERT, "--served-model-name", "tiny")
        good = {"input": ["Hello", "there"]}
        right = server.post("/v1/embeddings", good)["data"]
        self.assertGreater(len(malformed_bodies.POOLING_CASES), 200)
        for name, path, body, media, wanted, blamed in malformed_bodies.POOLING_CASES:
            with self.subTest(name):
                answers = self.exchange(post_bytes(path, body, media), hang_up=False, server=server)
                self.assertEqual([status for status, _ in answers], [wanted], answers)
                self.check_error(*answers[0])
                if blamed:
                    self.assertIn(blamed, json.loads(answers[0][1])["error"]["param"])
                self.assertEqual(server.post("/v1/embeddings", good)["data"], right)
        self.assertEqual(server.stop(), 0, server.log[-3000:])
        for words in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error"):
            self.assertNotIn(words, server.log)

    def test_many_at_once(self):
        """Every tenth case of the tables at the same time, from sixteen clients."""
        cases = [(sent, right if isinstance(right, tuple) else (right,)) for _, sent, right in malformed_http.CASES]
        for _, path, body, media, right, _ in malformed_bodies.CASES:
            cases.append((post_bytes(path, body, media), (right,)))
        wrong = []

        def work(share: list):
            for sent, right in share:
                found = tuple(status for status, _ in self.exchange(sent)) or (0,)
                if found != right:
                    wrong.append((sent[:200], right, found))

        some = cases[::10]
        threads = [threading.Thread(target=work, args=(some[i::16],)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.check_alive()

    def test_zz_the_end(self):
        """Runs last, by its name: what all the others left behind."""
        self.check_alive()
        self.check_idle()
        self.assertEqual(self.server.request("GET", "/health")[0], 200)
        # Who holds a connection and never goes on does not keep the server from leaving.
        whole = post_bytes("/v1/completions", json.dumps(LONG).encode())
        for sent in (b"", b"G", whole[:30], whole[:-1], b"\xff", whole):
            client = self.connect()
            self.addCleanup(client.close)
            client.sendall(sent)
        self.assertEqual(self.server.stop(), 0, self.server.log[-3000:])
        for words in ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error"):
            self.assertNotIn(words, self.server.log)


if __name__ == "__main__":
    unittest.main()
