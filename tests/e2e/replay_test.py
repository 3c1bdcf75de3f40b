"""The step trace: scheduling seen from outside, without a model and with one."""

import json
import pathlib
import unittest

from harness import LLAMA, SpyreTest, expected

# (prompt tokens, max_tokens) of a worked example of static batching.
WORKED = [(800, 200), (3000, 100), (50, 50), (50, 300), (1000, 256), (20, 20), (20, 20), (20, 20)]
SEED = {
    "VLLM_SPYRE_WARMUP_PROMPT_LENS": "4096,1024",
    "VLLM_SPYRE_WARMUP_NEW_TOKENS": "1024,256",
    "VLLM_SPYRE_WARMUP_BATCH_SIZES": "1,4",
}
SMALL = {
    "VLLM_SPYRE_WARMUP_PROMPT_LENS": "64,64",
    "VLLM_SPYRE_WARMUP_NEW_TOKENS": "30,24",
    "VLLM_SPYRE_WARMUP_BATCH_SIZES": "1,2",
}
FIELDS = [
    "step", "kind", "tkv", "waiting", "running", "paused", "outputs", "finished", "rejected", "shape", "blocks_used",
    "blocks_reserved", "block_tables",
]  # fmt: skip


class ReplayTest(SpyreTest):
    def trace(self, *requests: dict) -> pathlib.Path:
        path = self.folder / "trace.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in requests))
        return path

    def replay(self, requests, *arguments, env=SMALL):
        """The config object, the rows and the results."""
        done = self.spyre("replay", "--trace", self.trace(*requests), *arguments, env=env)
        config, *rows, results = map(json.loads, done.stdout.splitlines())
        self.assertEqual([row["step"] for row in rows], list(range(len(rows))))
        for row in rows:
            self.assertEqual(list(row), FIELDS)
        last = rows[-1]
        self.assertEqual((last["kind"], last["tkv"], last["waiting"], last["running"]), ("idle", 0, [], []))
        return config["config"], rows, results["results"]


class ScheduleOnly(ReplayTest):
    def test_the_worked_example(self):
        requests = [{"id": str(i), "prompt_tokens": p, "max_tokens": m} for i, (p, m) in enumerate(WORKED)]
        config, rows, results = self.replay(requests, "--schedule-only", env=SEED)
        self.assertEqual(
            config,
            {
                "mode": "static",
                "max_model_len": 5120,
                "max_num_seqs": 4,
                "shapes": [[4096, 1024, 1], [1024, 256, 4]],
                "block_tokens": 64,
                "blocks": 80,
            },
        )
        self.assertEqual(rows[0]["waiting"], list("01234567"))
        self.assertEqual((rows[0]["kind"], rows[0]["tkv"], rows[0]["running"]), ("prefill", 0, []))
        # The longest answer of each batch: 256, 100, 300 and 20 steps, then the end.
        batches = [(k, row["shape"], rows[k + 1]["running"]) for k, row in enumerate(rows) if row["kind"] == "prefill"]
        self.assertEqual(
            batches,
            [
                (0, [1024, 256, 4], ["0", "2", "4", "5"]),
                (256, [4096, 1024, 1], ["1"]),
                (356, [4096, 1024, 1], ["3"]),
                (656, [1024, 256, 4], ["6", "7"]),
            ],
        )
        self.assertEqual(len(rows), 678)
        self.assertEqual((rows[1]["tkv"], rows[2]["tkv"], rows[256]["tkv"], rows[257]["tkv"]), (1024, 1025, 1279, 4096))
        self.assertEqual((rows[20]["finished"], rows[20]["running"]), (["5"], ["0", "2", "4"]))
        self.assertEqual(rows[20]["outputs"], ["0", "2", "4", "5"])
        self.assertEqual((rows[676]["kind"], rows[676]["tkv"], rows[676]["finished"]), ("idle", 1043, ["6", "7"]))
        for i, (_, answer) in enumerate(WORKED):
            self.assertEqual(results[str(i)], {"token_ids": [0] * answer, "finish_reason": "length"})

    def test_a_short_one_alone_runs_in_the_first_shape(self):
        _, rows, _ = self.replay(
            [{"id": "6", "prompt_tokens": 20, "max_tokens": 20}], "--schedule-only", env=SEED
        )
        self.assertEqual(rows[0]["shape"], [4096, 1024, 1])

    def test_arrivals_and_rejections_are_in_their_rows(self):
        _, rows, results = self.replay(
            [
                {"id": "late", "arrival_step": 4, "prompt_tokens": 2, "max_tokens": 1},
                {"id": "huge", "arrival_step": 2, "prompt_tokens": 10**15, "max_tokens": 10**15},
            ],
            "--schedule-only",
        )
        self.assertEqual([row["kind"] for row in rows], ["idle"] * 4 + ["prefill", "idle", "idle"])
        self.assertEqual([len(row["rejected"]) for row in rows], [0, 0, 1, 0, 0, 0, 0])
        self.assertEqual(rows[2]["rejected"][0]["id"], "huge")
        self.assertIn("No applicable warmup shape exists", rows[2]["rejected"][0]["error"])
        self.assertEqual(list(results), ["late"])

    def test_shapes_are_planned_for_a_length(self):
        config, _, _ = self.replay([], "--schedule-only", "--max-model-len", "2048", env={})
        self.assertEqual(config["max_model_len"], 2048)
        self.assertGreater(len(config["shapes"]), 1)

    def test_refusals(self):
        trace = self.trace({"id": "0", "prompt_tokens": 1})
        for arguments, env, says in (
            (["--schedule-only"], SMALL, ("--trace",)),
            (["--trace", trace, "--schedule-only"], {}, ("WARMUP_PROMPT_LENS", "--max-model-len")),
            (["--trace", trace], SMALL, ("MODEL", "--schedule-only")),
            (["--trace", self.folder / "none", "--schedule-only"], SMALL, ("none",)),
        ):
            with self.subTest(arguments=arguments):
                self.assert_refused("replay", *arguments, says=says, env=env)
        for line, says in (
            ("{", ("line 1",)),
            ('{"id": "1"}', ("line 1", "prompt_tokens")),
            ('{"id": "1", "prompt_tokens": -1}', ("line 1", "prompt_tokens", "-1")),
            ('{"id": "1", "prompt_tokens": 1}\n{"id": "1", "prompt_tokens": 1}', ("line 2", "id")),
        ):
            with self.subTest(line=line):
                trace.write_text(line)
                self.assert_refused("replay", "--trace", trace, "--schedule-only", says=says, env=SMALL)


class WithAModel(ReplayTest):
    def test_rows_are_those_without_and_tokens_are_the_models(self):
        prompt = expected(LLAMA)["prompts"][1]
        requests = [
            {"id": "real", "prompt_token_ids": prompt["ids"], "max_tokens": 24},
            {"id": "made-up", "prompt_tokens": 40, "max_tokens": 9, "arrival_step": 3},
            {"id": "sampled", "prompt_tokens": 3, "temperature": 0.9, "seed": 5, "arrival_step": 3},
        ]
        config, rows, results = self.replay(requests, LLAMA)
        config_without, rows_without, _ = self.replay(requests, "--schedule-only")
        self.assertEqual(rows, rows_without)
        self.assertEqual(config["shapes"], config_without["shapes"])
        self.assertEqual(results["real"], {"token_ids": prompt["greedy"]["ids"], "finish_reason": "length"})
        self.assertEqual(len(results["made-up"]["token_ids"]), 9)
        self.assertEqual(len(results["sampled"]["token_ids"]), 30)
        self.assertEqual(self.replay(requests, LLAMA)[2], results)

    def test_a_field_that_makes_no_sense_is_a_rejection(self):
        _, rows, results = self.replay(
            [{"id": "a", "prompt_tokens": 3, "top_p": 7}, {"id": "b", "prompt_tokens": 3, "top_q": 7}], LLAMA
        )
        self.assertEqual([each["id"] for each in rows[0]["rejected"]], ["a", "b"])
        self.assertIn("top_p", rows[0]["rejected"][0]["error"])
        self.assertEqual(results, {})


if __name__ == "__main__":
    unittest.main()
