"""all-MiniLM-L6-v2, for tests that need a real embedding model, and what the reference makes of twelve texts with it."""

import base64
import functools
import json
import subprocess
import unittest

from harness import REFERENCE, ROOT


@functools.cache
def minilm_model() -> str:
    """Its path; skips the test when it is not here and cannot be fetched."""
    done = subprocess.run([str(ROOT / "scripts/minilm_model")], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise unittest.SkipTest("all-MiniLM-L6-v2 is not here and cannot be fetched")
    return done.stdout.strip()


@functools.cache
def reference_items() -> list[dict]:
    return json.loads((REFERENCE / "minilm/expected.json").read_text())["items"]


def embedding_bytes(server, inputs, **fields) -> list[bytes]:
    """The octets of each embedding, in the order of the inputs: equal octets are equal bits."""
    answer = server.post("/v1/embeddings", {"input": inputs, "encoding_format": "base64", **fields})
    assert [each["index"] for each in answer["data"]] == list(range(len(answer["data"]))), answer["data"]
    return [base64.b64decode(each["embedding"]) for each in answer["data"]]
