"""A real embedding model, all-MiniLM-L6-v2, against what transformers makes of twelve texts (tests/reference/minilm), from
one word to most of what the model takes. Skipped when the model cannot be fetched."""

import array
import json
import math
import unittest

from harness import SpyreTest
from minilm import embedding_bytes, minilm_model, reference_items
from server import Server

SHAPES = {"VLLM_SPYRE_WARMUP_BATCH_SIZES": "4,1", "VLLM_SPYRE_WARMUP_PROMPT_LENS": "64,256"}


def floats(octets: bytes) -> list[float]:
    return list(array.array("f", octets))


def cosine(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True)) / math.hypot(*left) / math.hypot(*right)


class MiniLM(SpyreTest):
    @classmethod
    def setUpClass(cls):
        cls.items = reference_items()
        cls.texts = [item["text"] for item in cls.items]
        cls.server = Server(minilm_model(), "--served-model-name", "minilm", env=SHAPES)
        cls.addClassCleanup(cls.server.kill)
        cls.server.wait_ready()

    def assert_as_the_reference(self, vectors):
        for item, vector in zip(self.items, vectors, strict=True):
            with self.subTest(item["text"][:40]):
                self.assertGreaterEqual(cosine(vector, item["embedding"]), 0.9999)
                self.assertAlmostEqual(math.hypot(*vector), 1, places=5)

    def test_as_transformers_over_http(self):
        answer = self.server.post("/v1/embeddings", {"model": "minilm", "input": self.texts})
        self.assert_as_the_reference([each["embedding"] for each in answer["data"]])
        self.assertEqual(answer["usage"]["prompt_tokens"], sum(len(item["ids"]) for item in self.items))

    def test_as_transformers_offline(self):
        """The same bits as over HTTP."""
        texts, result = self.folder / "texts.jsonl", self.folder / "result.npy"
        texts.write_text("".join(json.dumps({"text": text}) + "\n" for text in self.texts))
        self.spyre("embed", minilm_model(), "--input", texts, "--format", "npy", "--output", result)
        octets = result.read_bytes()
        self.assertEqual(octets[:6], b"\x93NUMPY")
        vectors = octets[-len(self.texts) * 384 * 4 :]
        offline = [vectors[at : at + 384 * 4] for at in range(0, len(vectors), 384 * 4)]
        self.assert_as_the_reference(map(floats, offline))
        self.assertEqual(offline, embedding_bytes(self.server, self.texts))

    def test_one_text_alone_or_among_others(self):
        together = embedding_bytes(self.server, self.texts)
        self.assertEqual(together, [embedding_bytes(self.server, text)[0] for text in self.texts])
        self.assertEqual(together[::-1], embedding_bytes(self.server, self.texts[::-1]))

    def test_token_ids_are_the_tokenizers(self):
        self.assertEqual(
            embedding_bytes(self.server, [item["ids"] for item in self.items]), embedding_bytes(self.server, self.texts)
        )
        for item in self.items:
            self.assertEqual(self.server.post("/tokenize", {"prompt": item["text"]})["tokens"], item["ids"])

    def test_what_it_means(self):
        cat, kitten, revenue = (self.items[i]["text"] for i in (2, 3, 4))
        cat, kitten, revenue = map(floats, embedding_bytes(self.server, [cat, kitten, revenue]))
        self.assertGreater(cosine(cat, kitten), 0.5)
        self.assertLess(cosine(cat, revenue), 0.2)

    def test_too_long_is_refused_with_the_counts(self):
        answer = self.server.post("/v1/embeddings", {"input": "word " * 300}, status=400)
        self.assertIn("302", answer["error"]["message"])
        self.assertIn("256", answer["error"]["message"])


if __name__ == "__main__":
    unittest.main()
