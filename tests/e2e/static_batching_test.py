"""Static batching from outside: the seed's own example on the demo model, equality with single runs, rejections."""

import concurrent.futures
import json
import unittest

from demo import demo_model
from harness import LLAMA
from server import Server, ServerTest, shapes

SEED = shapes("4096,1024", "1024,256", "1,4")
# (prompt tokens, max_tokens): the worked example, whose batches are {0, 2, 4, 5}, {1}, {3}, {6, 7}.
WORKED = [(800, 200), (3000, 100), (50, 50), (50, 300), (1000, 256), (20, 20), (20, 20), (20, 20)]


def prompt_ids(index: int, tokens: int) -> list[int]:
    """Ids that look like text to no one, and differ from request to request."""
    return [1000 + (index * 7919 + position * 104729) % 40000 for position in range(tokens)]


class SeedExample(ServerTest):
    def test_mixed_requests_equal_single_runs(self):
        server = self.serve(demo_model(), env=SEED)
        [card] = server.get_json("/v1/models")["data"]
        self.assertEqual(card["max_model_len"], 5120)
        self.assertIn("max_num_seqs 4", server.log)
        requests = [
            {
                "prompt": prompt_ids(i, tokens),
                "max_tokens": min(answer, 24),
                "temperature": 0 if i % 2 == 0 else 1.1,
                "seed": i,
                "ignore_eos": True,
                "return_token_ids": True,
            }
            for i, (tokens, answer) in enumerate(WORKED)
        ]
        alone = [server.post("/v1/completions", request)["choices"][0] for request in requests]
        with concurrent.futures.ThreadPoolExecutor(len(requests)) as pool:
            together = list(pool.map(lambda each: server.post("/v1/completions", each)["choices"][0], requests))
        self.assertEqual(together, alone)
        for i in (2, 5):
            offline = self.generate(
                demo_model(),
                "--token-ids",
                ",".join(map(str, requests[i]["prompt"])),
                "--max-tokens",
                requests[i]["max_tokens"],
                "--temperature",
                requests[i]["temperature"],
                "--seed",
                i,
                "--ignore-eos",
            )
            self.assertEqual(offline["token_ids"], alone[i]["token_ids"])

    def test_the_worked_example_in_the_trace(self):
        trace = self.folder / "trace.jsonl"
        lines = [
            {"id": str(i), "arrival_step": 0, "prompt_tokens": tokens, "max_tokens": answer}
            for i, (tokens, answer) in enumerate(WORKED)
        ]
        trace.write_text("".join(json.dumps(line) + "\n" for line in lines))
        done = self.spyre("replay", "--trace", trace, "--schedule-only", env=SEED)
        config, *steps, results = map(json.loads, done.stdout.splitlines())
        self.assertEqual(config["config"]["max_model_len"], 5120)
        self.assertEqual(config["config"]["max_num_seqs"], 4)
        batches = [
            (set(after["running"]), tuple(step["shape"]))
            for step, after in zip(steps, steps[1:], strict=False)
            if step["kind"] == "prefill"
        ]
        self.assertEqual(
            batches,
            [
                ({"0", "2", "4", "5"}, (1024, 256, 4)),
                ({"1"}, (4096, 1024, 1)),
                ({"3"}, (4096, 1024, 1)),
                ({"6", "7"}, (1024, 256, 4)),
            ],
        )
        for i, (_, answer) in enumerate(WORKED):
            self.assertEqual(len(results["results"][str(i)]["token_ids"]), answer)


class Rejections(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(LLAMA, env=shapes("64,64", "4,20", "4,2"))
        cls.addClassCleanup(cls.server.kill)
        cls.server.wait_ready()

    def test_a_misfit_is_told_the_shapes(self):
        answer = self.server.post("/v1/completions", {"prompt": [5] * 10, "max_tokens": 30}, status=400)
        error = answer["error"]
        self.assertEqual((error["type"], error["code"]), ("BadRequestError", 400))
        self.assertIn(
            "No applicable warmup shape exists for combination of prompt length (10 tokens) and maximum number of "
            "output tokens to be generated (30 tokens)",
            error["message"],
        )
        self.assertIn("(64, 20, 2)", error["message"].replace("(64,20,2)", "(64, 20, 2)"))

    def test_what_nobody_asked_for_is_as_long_as_the_shapes_allow(self):
        answer = self.server.post(
            "/v1/chat/completions", {"messages": [{"role": "user", "content": "a"}], "ignore_eos": True}
        )
        self.assertEqual(answer["usage"]["completion_tokens"], 20)

    def test_the_settings_are_checked_before_anything_runs(self):
        for settings, words in (
            (shapes("63", "20", "1"), ("WARMUP_PROMPT_LENS", "64")),
            (shapes("64,128", "20", "1"), ("equal length",)),
            (shapes("64", "2", "1") | {"VLLM_SPYRE_DYNAMO_BACKEND": "sendnn"}, ("WARMUP_NEW_TOKENS", "3")),
            (shapes("1048576", "20", "1"), ("model",)),
            ({"VLLM_USE_V1": "0", "VLLM_SPYRE_USE_CB": "1"}, ("VLLM_USE_V1", "VLLM_SPYRE_USE_CB")),
        ):
            with self.subTest(settings=settings):
                self.assert_refused("serve", LLAMA, says=words, env=settings)

    def test_the_older_engine_warns(self):
        server = self.serve(LLAMA, env=shapes("64", "20", "1") | {"VLLM_USE_V1": "0"})
        self.assertIn("deprecated", server.log)

    def test_shapes_are_planned_when_none_is_given(self):
        server = self.serve(LLAMA)
        self.assertIn("planned", server.log)
        self.assertEqual(len(server.post("/v1/completions", {"prompt": [5, 6]})["choices"]), 1)


class ShapeChoice(ServerTest):
    def test_the_choice_changes_no_token(self):
        body = {"prompt": [5, 6, 7], "max_tokens": 4, "temperature": 0.9, "seed": 3, "return_token_ids": True}
        answers = []
        for choice in ("order", "least-work"):
            server = self.serve(LLAMA, "--shape-choice", choice, env=shapes("128,64", "4,4", "1,2"))
            answers.append(server.post("/v1/completions", body)["choices"])
        self.assertEqual(answers[0], answers[1])


if __name__ == "__main__":
    unittest.main()
