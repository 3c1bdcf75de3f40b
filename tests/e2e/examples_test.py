"""examples/ as they stand there, against a server with MiniLM. Skipped by name without the model or an example's package."""

import importlib.util
import subprocess
import sys
import unittest

from harness import ROOT
from minilm import minilm_model
from server import ServerTest, with_clients

with_clients()


class Examples(ServerTest):
    def run_example(self, name: str, *arguments, package: str | None = None) -> str:
        if package and importlib.util.find_spec(package) is None:
            self.skipTest(f"{package} is not installed")
        server = self.serve(minilm_model())
        done = subprocess.run(
            [sys.executable, "-B", ROOT / "examples" / name, "--base-url", f"{server.url}/v1", *arguments],
            capture_output=True, text=True, timeout=300,
        )
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        return done.stdout

    def test_semantic_search(self):
        found = self.run_example("semantic_search.py", "Where are compiled graphs kept on disk?")
        self.assertIn("docs/graph_cache.md", found)

    def test_openai_client(self):
        lines = self.run_example("openai_embeddings.py", package="openai").splitlines()
        first = list(map(float, lines[0].split()[:3]))
        self.assertEqual(first[0], 1)
        self.assertGreater(first[1], first[2])

    def test_langchain(self):
        found = self.run_example("langchain_embeddings.py", package="langchain_openai")
        self.assertIn("compiles a graph", found.splitlines()[0])


if __name__ == "__main__":
    unittest.main()
