"""`spyre pull` and hub ids, against a small hub on the loopback that answers the two questions of the real one: what
is in a repository, and a range of a file."""

import hashlib
import http.server
import json
import pathlib
import re
import threading
import unittest

from harness import LLAMA, SpyreTest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SECRET = "hub-token-of-the-test"


class FakeHub(http.server.ThreadingHTTPServer):
    """Serves a folder as org/tiny (org/private: only with the token), and counts what is asked for."""

    daemon_threads = True

    def __init__(self, folder: pathlib.Path):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "expected.json"}
        self.downloads: list[str] = []
        self.damaged: set[str] = set()  # served with wrong bytes
        self.cut_once: dict[str, int] = {}  # file -> bytes after which the connection breaks, once

    def info(self) -> dict:
        def entry(name: str, content: bytes) -> dict:
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            described = {"rfilename": name, "size": len(content), "blobId": blob}
            if name.endswith(".safetensors"):
                described["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            return described

        return {"id": "org/tiny", "sha": COMMIT, "siblings": [entry(*each) for each in sorted(self.files.items())]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeHub

    def log_message(self, *_):
        pass

    def answer(self, status: int, body: bytes, **headers: str):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "X-Repo-Commit": COMMIT, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.partition("?")[0]
        repository = re.match(r"/(?:api/models/)?(org/\w+)", path)
        if repository is None or repository.group(1) not in ("org/tiny", "org/private"):
            return self.answer(404, b'{"error":"Repository not found"}', X_Error_Code="RepoNotFound")
        if repository.group(1) == "org/private" and self.headers.get("Authorization") != f"Bearer {SECRET}":
            return self.answer(401, b'{"error":"Invalid credentials"}')
        if path.startswith("/api/models/"):
            return self.answer(200, json.dumps(self.server.info()).encode(), Content_Type="application/json")
        self.file(path.rpartition("/")[2])

    def file(self, name: str):
        content = self.server.files.get(name)
        if content is None:
            return self.answer(404, b"Entry not found", X_Error_Code="EntryNotFound")
        if name in self.server.damaged:
            content = content[:-1] + bytes([content[-1] ^ 1])
        self.server.downloads.append(name)
        wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(wanted.group(1)) if wanted else 0
        body = content[first:]
        cut = self.server.cut_once.pop(name, None)
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(body)))
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", f'"{hashlib.sha256(self.server.files[name]).hexdigest()}"')
        self.end_headers()
        self.wfile.write(body[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True


class HubTest(SpyreTest):
    def setUp(self):
        super().setUp()
        self.hub = FakeHub(LLAMA)
        threading.Thread(target=self.hub.serve_forever, daemon=True).start()
        self.addCleanup(self.hub.server_close)
        self.addCleanup(self.hub.shutdown)
        self.environment = {
            "HF_ENDPOINT": f"http://127.0.0.1:{self.hub.server_port}",
            "HF_HOME": str(self.folder / "hf"),
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def pull(self, model: str, **options):
        return self.spyre("pull", model, env=self.environment, **options)

    def snapshot(self) -> pathlib.Path:
        return self.folder / "hf/hub/models--org--tiny/snapshots" / COMMIT

    def test_whole_model_then_generate_without_the_hub(self):
        done = self.pull("org/tiny")
        self.assertIn(str(self.snapshot()), done.stdout)
        for name, content in self.hub.files.items():
            self.assertEqual((self.snapshot() / name).read_bytes(), content, name)
        self.assertEqual((self.folder / "hf/hub/models--org--tiny/refs/main").read_text().strip(), COMMIT)

        asked = len(self.hub.downloads)
        answer = self.generate(
            "org/tiny",
            "--token-ids",
            "5,17",
            "--max-tokens",
            "4",
            "--temperature",
            "0",
            env={**self.environment, "HF_HUB_OFFLINE": "1"},
        )
        local = self.generate(LLAMA, "--token-ids", "5,17", "--max-tokens", "4", "--temperature", "0")
        self.assertEqual(answer["token_ids"], local["token_ids"])
        self.assertEqual(len(self.hub.downloads), asked, "offline asks nobody")

    def test_second_pull_downloads_nothing(self):
        self.pull("org/tiny")
        asked = len(self.hub.downloads)
        self.pull("org/tiny")
        self.assertEqual(len(self.hub.downloads), asked)

    def test_generate_fetches_what_is_not_there(self):
        answer = self.generate("org/tiny", "--token-ids", "5,17", "--max-tokens", "4", env=self.environment)
        self.assertEqual(len(answer["token_ids"]), 4)

    def test_a_broken_connection_is_resumed(self):
        self.hub.cut_once["model.safetensors"] = 1000
        self.pull("org/tiny")
        self.assertEqual((self.snapshot() / "model.safetensors").read_bytes(), self.hub.files["model.safetensors"])

    def test_a_wrong_checksum_is_refused_and_leaves_no_file(self):
        self.hub.damaged.add("model.safetensors")
        self.assert_refused("pull", "org/tiny", env=self.environment, says=("model.safetensors",))
        self.assertFalse((self.snapshot() / "model.safetensors").exists())

    def test_who_may_not_is_told_of_the_token(self):
        self.assert_refused("pull", "org/private", env=self.environment, says=("org/private", "HF_TOKEN"))
        self.spyre("pull", "org/private", env={**self.environment, "HF_TOKEN": SECRET})

    def test_no_such_repository(self):
        self.assert_refused("pull", "org/none", env=self.environment, says=("org/none",))

    def test_not_a_hub_id(self):
        for model in ("", "a/b/c/d", "org/../tiny"):
            with self.subTest(model=model):
                self.assert_refused("pull", model, env=self.environment, says=())

    def test_offline_and_missing(self):
        self.assert_refused(
            "pull", "org/tiny", env={**self.environment, "HF_HUB_OFFLINE": "1"}, says=("org/tiny", "HF_HUB_OFFLINE")
        )
        self.assertEqual(self.hub.downloads, [])

    def test_hostile_file_names_are_refused(self):
        self.hub.files["../../outside.json"] = b"{}"
        self.assert_refused("pull", "org/tiny", env=self.environment, says=("outside.json",))
        self.assertFalse((self.folder / "hf/hub/outside.json").exists())


if __name__ == "__main__":
    unittest.main()
