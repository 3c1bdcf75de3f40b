"""The table of backends, engines and model types, row by row: eager for every model type; decoders on the older engine
(with a warning) and on the newer with sendnn_decoder; embedding models on either with sendnn."""

import unittest

from harness import BERT, LLAMA, REFERENCE
from server import ServerTest, shapes

MODELS = {
    "decoder": LLAMA,
    "embedding": BERT,
    "reranker": REFERENCE / "encoders/bert_reranker",
    "classifier": REFERENCE / "encoders/bert_classifier",
}
DEPRECATED = "deprecated"  # what is said of decoders on the older engine


def backend(name: str, **more: str) -> dict[str, str]:
    return {"VLLM_SPYRE_DYNAMO_BACKEND": name, **shapes("64", "20", "4"), **more}


class BackendsTable(ServerTest):
    def start_on(self, model: str, name: str, **more: str):
        return self.serve(MODELS[model], "--dtype", "float32", env=backend(name, **more))

    def decode(self, server) -> str:
        body = {"prompt": "Hello", "max_tokens": 5, "temperature": 0, "ignore_eos": True}
        answer = server.post("/v1/completions", body)
        self.assertEqual(answer["usage"]["completion_tokens"], 5)
        return answer["choices"][0]["text"]

    def embed(self, server) -> list:
        return [each["embedding"] for each in server.post("/v1/embeddings", {"input": ["Hello", "you"]})["data"]]

    def test_eager_decoder(self):
        server = self.start_on("decoder", "eager")
        self.assertTrue(self.decode(server))

    def test_eager_embedding(self):
        server = self.start_on("embedding", "eager")
        self.assertEqual(len(self.embed(server)), 2)

    def test_eager_reranker(self):
        server = self.start_on("reranker", "eager")
        [one] = server.post("/score", {"text_1": "Hello", "text_2": "you"})["data"]
        self.assertTrue(0 < one["score"] < 1)

    def test_eager_classifier(self):
        server = self.start_on("classifier", "eager")
        [one] = server.post("/classify", {"input": "Hello"})["data"]
        self.assertAlmostEqual(sum(one["probs"]), 1, places=5)

    def test_decoder_v0_with_sendnn_decoder_warns(self):
        server = self.start_on("decoder", "sendnn_decoder", VLLM_USE_V1="0")
        self.assertEqual(self.decode(server), self.decode(self.start_on("decoder", "eager")))
        self.assertIn(DEPRECATED, server.log)

    def test_decoder_v1_with_sendnn_decoder(self):
        server = self.start_on("decoder", "sendnn_decoder", VLLM_USE_V1="1")
        self.assertEqual(self.decode(server), self.decode(self.start_on("decoder", "eager")))
        self.assertNotIn(DEPRECATED, server.log)

    def test_embedding_v0_with_sendnn(self):
        server = self.start_on("embedding", "sendnn", VLLM_USE_V1="0")
        self.assertEqual(self.embed(server), self.embed(self.start_on("embedding", "eager")))
        self.assertNotIn(DEPRECATED, server.log)

    def test_embedding_v1_with_sendnn(self):
        server = self.start_on("embedding", "sendnn", VLLM_USE_V1="1")
        self.assertEqual(self.embed(server), self.embed(self.start_on("embedding", "eager")))

    def test_embedding_with_continuous_batching_runs_without(self):
        server = self.start_on("embedding", "inductor", VLLM_SPYRE_USE_CB="1")
        self.assertIn("VLLM_SPYRE_USE_CB=0", server.log)
        self.assertEqual(self.embed(server), self.embed(self.start_on("embedding", "eager")))

    def test_packed_as_padded(self):
        right = self.embed(self.start_on("embedding", "eager"))
        for packed in ("0", "1"):
            for name in ("eager", "inductor", "sendnn"):
                with self.subTest(name, packed=packed):
                    self.assertEqual(self.embed(self.start_on("embedding", name, VLLM_SPYRE_PACK_TOKENS=packed)), right)

    def test_no_new_tokens_are_needed(self):
        lists = {"VLLM_SPYRE_WARMUP_PROMPT_LENS": "64", "VLLM_SPYRE_WARMUP_BATCH_SIZES": "2"}
        server = self.serve(BERT, env={"VLLM_SPYRE_DYNAMO_BACKEND": "sendnn", **lists})
        self.assertEqual(len(self.embed(server)), 2)


if __name__ == "__main__":
    unittest.main()
