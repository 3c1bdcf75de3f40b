"""/openapi.json is complete and true: schemathesis makes requests from it, good ones and bad ones, and holds every
answer to it."""

import os
import pathlib
import subprocess
import unittest

from harness import LLAMA
from server import ServerTest, shapes, with_clients

with_clients()

EXAMPLES = os.environ.get("SPYRE_CONTRACT_EXAMPLES", "25")  # per operation


class Contract(ServerTest):
    def test_every_answer_is_documented(self):
        server = self.serve(LLAMA, env=shapes("64", "20", "4"))
        tool = pathlib.Path(os.environ["SPYRE_TEST_CLIENTS"]).parent / "schemathesis"
        done = subprocess.run(
            [
                tool,
                "run",
                f"{server.url}/openapi.json",
                "--max-examples",
                EXAMPLES,
                "--checks",
                "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
                "response_schema_conformance,negative_data_rejection,unsupported_method",
                "--request-timeout",
                "30",
                "--seed",
                "1",
                "--no-color",
            ],
            capture_output=True,
            text=True,
            cwd=self.folder,
            timeout=840,
        )
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])
        self.assertIsNone(server.process.poll(), server.log[-2000:])

    def test_it_names_every_route(self):
        server = self.serve(LLAMA, env=shapes("64", "20", "1"))
        document = server.get_json("/openapi.json")
        for path, method in (
            ("/v1/completions", "post"),
            ("/v1/chat/completions", "post"),
            ("/v1/models", "get"),
            ("/v1/models/{id}", "get"),
            ("/tokenize", "post"),
            ("/detokenize", "post"),
            ("/health", "get"),
            ("/ready", "get"),
            ("/ping", "get"),
            ("/version", "get"),
            ("/load", "get"),
            ("/metrics", "get"),
        ):
            self.assertIn(method, document["paths"].get(path, {}), path)
        self.assertEqual(server.request("GET", "/docs")[0], 200)


if __name__ == "__main__":
    unittest.main()
