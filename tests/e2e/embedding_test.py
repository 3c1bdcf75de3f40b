"""Pooling models over HTTP and on the command line: what the reference says, the same bits both ways and beside other
requests, the OpenAI client, wrong models, metrics."""

import base64
import json
import struct
import threading
import unittest

from harness import BERT, LLAMA, REFERENCE, expected
from server import Server, ServerTest, shapes, with_clients

with_clients()

import openai  # noqa: E402 (the packages are there only from here on)

ENCODERS = REFERENCE / "encoders"
RERANKER = ENCODERS / "bert_reranker"
CLASSIFIER = ENCODERS / "bert_classifier"
PLAIN = ("--dtype", "float32")
EXACT = 1e-4  # of scores and probabilities, in float32
# The last item of a fixture is longer than its model takes.
CUT = {"truncate_prompt_tokens": -1}
CUT_FLAGS = ("--truncate-prompt-tokens", "-1")


def cosine(one, other) -> float:
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5


def single(value: float) -> float:
    """The float32 that a JSON number stands for."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def cut(model) -> dict:
    """To the length that the reference had."""
    return {"truncate_prompt_tokens": expected(model)["max_seq_length"]}


def cut_flags(model) -> tuple[str, str]:
    return "--truncate-prompt-tokens", str(expected(model)["max_seq_length"])


def doubled(list_: list, times: int) -> list:
    return (list_ * (times // len(list_) + 1))[:times]


class PoolingTest(ServerTest):
    def write_lines(self, lines: list, name: str = "input.jsonl"):
        path = self.folder / name
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    def json_lines(self, *arguments, **options) -> list:
        return [json.loads(line) for line in self.spyre(*arguments, **options).stdout.splitlines()]


class Embeddings(PoolingTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(BERT, *PLAIN, "--served-model-name", "bert")
        cls.addClassCleanup(cls.server.kill)
        cls.server.wait_ready()
        cls.client = openai.OpenAI(base_url=f"{cls.server.url}/v1", api_key="none", max_retries=0)
        cls.addClassCleanup(cls.client.close)
        cls.items = expected(BERT)["items"]
        cls.texts = [item["text"] for item in cls.items]

    def embed(self, input, **more) -> list[list[float]]:
        answer = self.server.post("/v1/embeddings", {"input": input, **CUT, **more})
        self.assertEqual([each["index"] for each in answer["data"]], list(range(len(answer["data"]))))
        return [each["embedding"] for each in answer["data"]]

    def test_vectors_are_those_of_the_reference(self):
        for item, vector in zip(self.items, self.embed(self.texts), strict=True):
            self.assertGreater(cosine(vector, item["embedding"] if "embedding" in item else item["pooled"]), 0.99999)
            self.assertAlmostEqual(sum(x * x for x in vector), 1, places=5)

    def test_alone_as_in_company_as_offline(self):
        together = self.embed(self.texts)
        self.assertEqual([self.embed(text)[0] for text in self.texts], together)
        self.assertEqual(self.embed([item["ids"] for item in self.items]), together)
        many = doubled(self.texts, 700)
        self.assertEqual(self.embed(many), doubled(together, 700))
        offline = self.json_lines("embed", BERT, *PLAIN, *CUT_FLAGS, "--input", self.write_lines(self.texts))
        self.assertEqual([line["embedding"] for line in offline], together)

    def test_base64_and_bytes_are_the_same_numbers(self):
        for vector, text in zip(self.embed(self.texts), self.embed(self.texts, encoding_format="base64"), strict=True):
            bytes_ = base64.b64decode(text)
            self.assertEqual(list(struct.unpack(f"<{len(vector)}f", bytes_)), [single(x) for x in vector])
        status, headers, body = self.server.request(
            "POST", "/v1/embeddings", {"input": self.texts[0], "encoding_format": "bytes", "endianness": "big"}
        )
        self.assertEqual((status, headers["content-type"]), (200, "application/octet-stream"))
        [item] = json.loads(headers["metadata"])["data"]
        self.assertEqual((item["start"], item["end"]), (0, len(body)))
        self.assertEqual(
            list(struct.unpack(f">{len(body) // 4}f", body)), [single(x) for x in self.embed(self.texts[0])[0]]
        )

    def test_the_openai_client(self):
        for more in ({}, {"encoding_format": "float"}):
            answer = self.client.embeddings.create(model="bert", input=self.texts, extra_body=CUT, **more)
            self.assertEqual(
                [[single(x) for x in each.embedding] for each in answer.data],
                [[single(x) for x in vector] for vector in self.embed(self.texts)],
            )
            self.assertEqual(answer.usage.prompt_tokens, sum(len(item["ids"]) for item in self.items))
        with self.assertRaises(openai.BadRequestError):
            self.client.embeddings.create(model="bert", input="a", dimensions=2)
        with self.assertRaises(openai.NotFoundError):
            self.client.embeddings.create(model="other", input="a")

    def test_scores_are_cosines(self):
        wanted = expected(BERT)["cosine"]
        answer = self.server.post("/score", {"text_1": self.texts[0], "text_2": self.texts, **CUT})
        for each, right in zip(answer["data"], wanted[0], strict=True):
            self.assertAlmostEqual(each["score"], right, delta=EXACT)
        pairs = [{"query": self.texts[0], "document": text} for text in self.texts]
        offline = self.json_lines("score", BERT, *PLAIN, *CUT_FLAGS, "--input", self.write_lines(pairs))
        self.assertEqual([line["score"] for line in offline], [each["score"] for each in answer["data"]])
        ranks = self.server.post("/rerank", {"query": self.texts[0], "documents": self.texts, "top_n": 2, **CUT})
        self.assertEqual(ranks["results"][0]["index"], 0)
        self.assertEqual(len(ranks["results"]), 2)

    def test_pooling_is_the_embedding(self):
        answer = self.server.post("/pooling", {"input": self.texts, **CUT})
        self.assertEqual([each["data"] for each in answer["data"]], self.embed(self.texts))

    def test_long_inputs(self):
        long = "word " * 200
        error = self.server.post("/v1/embeddings", {"input": long}, status=400)["error"]
        self.assertIn("maximum context length is 56 tokens", error["message"])
        self.assertEqual(error["param"], "input")
        answer = self.server.post("/v1/embeddings", {"input": long, "truncate_prompt_tokens": -1})
        self.assertEqual(answer["usage"]["prompt_tokens"], 56)

    def test_what_the_model_does_not_do(self):
        messages = [{"role": "user", "content": "a"}]
        for path, body in (
            ("/v1/completions", {"prompt": "a"}),
            ("/v1/chat/completions", {"messages": messages}),
            ("/classify", {"input": "a"}),
        ):
            error = self.server.post(path, body, status=400)["error"]
            self.assertIn("embedding model", error["message"], path)

    def test_sixteen_connections(self):
        right = dict(zip(self.texts, self.embed(self.texts), strict=True))
        wrong = []

        def work(first: int):
            for i in range(12):
                text = self.texts[(first + i) % len(self.texts)]
                if self.embed(text) != [right[text]]:
                    wrong.append(text)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_metrics_count_texts_and_tokens(self):
        server = self.serve(BERT, *PLAIN)
        server.post("/v1/embeddings", {"input": self.texts, **CUT})
        tokens = sum(len(item["ids"]) for item in self.items)
        self.assertEqual(server.metric("vllm:prompt_tokens_total"), tokens)
        self.assertEqual(server.metric("vllm:generation_tokens_total"), 0)
        self.assertEqual(server.metric("vllm:request_success_total"), len(self.texts))
        for name in ("vllm:num_requests_running", "vllm:num_requests_waiting"):
            self.assertEqual(server.metric(name), 0)
        self.assertEqual(server.metric("vllm:e2e_request_latency_seconds_count"), len(self.texts))


class Classifiers(PoolingTest):
    def test_scores_of_pairs(self):
        server = self.serve(RERANKER, *PLAIN)
        items = expected(RERANKER)["items"]
        pairs = [{"text_1": item["a"], "text_2": item["b"], "id": i} for i, item in enumerate(items)]
        texts = {"text_1": [pair["text_1"] for pair in pairs], "text_2": [pair["text_2"] for pair in pairs], **cut(RERANKER)}
        raw = server.post("/score", {**texts, "use_activation": False})["data"]
        for each, item in zip(raw, items, strict=True):
            logit = item["logits"][0] if isinstance(item["logits"], list) else item["logits"]
            self.assertAlmostEqual(each["score"], logit, delta=EXACT)
        scores = [each["score"] for each in server.post("/v1/score", texts)["data"]]
        offline = self.json_lines("score", RERANKER, *PLAIN, *cut_flags(RERANKER), "--input", self.write_lines(pairs))
        self.assertEqual([line["score"] for line in offline], scores)
        self.assertEqual([line["id"] for line in offline], list(range(len(items))))
        self.assertIn("/score", server.post("/v1/embeddings", {"input": "a"}, status=400)["error"]["message"])

    def test_ranks(self):
        server = self.serve(RERANKER, *PLAIN)
        documents = [item["b"] for item in expected(RERANKER)["items"]]
        query = expected(RERANKER)["items"][0]["a"]
        scores = [
            each["score"] for each in server.post("/score", {"text_1": query, "text_2": documents, **cut(RERANKER)})["data"]
        ]
        for path in ("/rerank", "/v1/rerank", "/v2/rerank"):
            results = server.post(path, {"query": query, "documents": [{"text": each} for each in documents], **cut(RERANKER)})["results"]
            self.assertEqual([each["relevance_score"] for each in results], sorted(scores, reverse=True))
            for each in results:
                self.assertEqual(each["relevance_score"], scores[each["index"]])
                self.assertEqual(each["document"]["text"], documents[each["index"]])

    def test_classes(self):
        server = self.serve(CLASSIFIER, *PLAIN)
        items = expected(CLASSIFIER)["items"]
        answer = server.post("/classify", {"input": [item["text"] for item in items], **cut(CLASSIFIER)})
        for each, item in zip(answer["data"], items, strict=True):
            self.assertEqual(each["num_classes"], len(item["probabilities"]))
            for found, right in zip(each["probs"], item["probabilities"], strict=True):
                self.assertAlmostEqual(found, right, delta=EXACT)
        self.assertIn("/classify", server.post("/score", {"text_1": "a", "text_2": "b"}, status=400)["error"]["message"])


class CommandLine(PoolingTest):
    def test_npy(self):
        texts = self.write_lines(["Hello", {"text": "there", "id": "x"}])
        path = self.folder / "out.npy"
        lines = self.json_lines("embed", BERT, *PLAIN, "--input", texts)
        self.assertEqual(lines[1]["id"], "x")
        self.spyre("embed", BERT, *PLAIN, "--input", texts, "--format", "npy", "--output", path)
        file = path.read_bytes()
        self.assertEqual(file[:8], b"\x93NUMPY\x01\x00")
        end = 10 + struct.unpack("<H", file[8:10])[0]
        columns = len(lines[0]["embedding"])
        self.assertEqual(end % 64, 0)
        self.assertIn(f"'descr': '<f4', 'fortran_order': False, 'shape': (2, {columns})", file[10:end].decode())
        numbers = struct.unpack(f"<{2 * columns}f", file[end:])
        self.assertEqual(list(numbers), [single(x) for line in lines for x in line["embedding"]])

    def test_texts_from_flags(self):
        [line] = self.json_lines("embed", BERT, *PLAIN, "--text", "Hello", "--use-activation", "off")
        self.assertNotAlmostEqual(sum(x * x for x in line["embedding"]), 1, places=3)

    def test_refusals(self):
        lines = self.write_lines(["Hello", 5])
        self.assert_refused("embed", BERT, "--input", lines, says=("line 2", "text"))
        self.assert_refused("embed", BERT, says=("--input", "--text"))
        self.assert_refused("embed", BERT, "--text", "word " * 200, says=("56 tokens",))
        self.assert_refused("embed", BERT, "--text", "a", "--dimensions", 2, says=("dimensions", "Matryoshka"))
        self.assert_refused("embed", LLAMA, "--text", "a", says=("generates text", "--convert embed"))
        self.assert_refused("embed", CLASSIFIER, "--text", "a", says=("classifies",))
        self.assert_refused("score", CLASSIFIER, "--input", self.write_lines([]), says=("labels",))
        self.assert_refused("score", RERANKER, "--input", self.write_lines([{"query": "a"}]), says=("line 1", "document"))
        self.assert_refused("generate", BERT, "--prompt", "a", says=("embed",))
        self.assert_refused("serve", BERT, "--runner", "generate", says=("--runner", "vectors"))

    def test_a_decoder_embeds_where_it_is_told_to(self):
        [line] = self.json_lines("embed", LLAMA, *PLAIN, "--convert", "embed", "--text", "Hello")
        self.assertAlmostEqual(sum(x * x for x in line["embedding"]), 1, places=5)
        server = self.serve(LLAMA, *PLAIN, "--runner", "pooling", env=shapes("64", "20", "2"))
        answer = server.post("/v1/embeddings", {"input": "Hello"})
        self.assertEqual(answer["data"][0]["embedding"], line["embedding"])


if __name__ == "__main__":
    unittest.main()
