"""--speculative-config: the same answers, whichever command gives them; metrics where it is on; refusals."""

import json
import unittest

from harness import LLAMA
from server import ServerTest, shapes

ON = ("--speculative-config", json.dumps({"method": "ngram", "num_speculative_tokens": 5, "prompt_lookup_min": 1}))
# A made-up model that may say three words repeats itself, so that drafts are made, right ones and wrong ones.
BODY = {"prompt": [5, 7, 11, 5, 7], "max_tokens": 40, "ignore_eos": True, "allowed_token_ids": [5, 7, 11], "logprobs": 2}
SAMPLED = {"temperature": 0.7, "seed": 3}


class Speculation(ServerTest):
    def test_a_server_answers_the_same_and_counts(self):
        answers = []
        for flags in ((), ON):
            server = self.serve(LLAMA, *flags, env=shapes("64", "40", "2"))
            choices = [
                server.post("/v1/completions", {**BODY, **sampling})["choices"]
                for sampling in ({"temperature": 0}, SAMPLED, {**SAMPLED, "n": 2}, {"temperature": 0, "stop": ["zz"]})
            ]
            answers.append(choices)
            names = [name for name in server.metrics() if "spec_decode" in name]
            if not flags:
                self.assertEqual(names, [])
                continue
            accepted = server.metric("vllm:spec_decode_num_accepted_tokens_total")
            self.assertGreater(accepted, 0)
            self.assertGreater(server.metric("vllm:spec_decode_num_draft_tokens_total"), accepted)
            self.assertGreater(server.metric("vllm:spec_decode_num_drafts_total"), 0)
            places = [
                server.metric("vllm:spec_decode_num_accepted_tokens_per_pos_total", position=str(place))
                for place in range(5)
            ]
            self.assertEqual(sum(places), accepted)
            self.assertEqual(places, sorted(places, reverse=True))
            self.assertEqual(len(names), 3 + 5)
        self.assertEqual(*answers)

    def test_commands_without_a_server(self):
        flags = (LLAMA, "--token-ids", "5,7,11,5,7", "--max-tokens", "60", "--ignore-eos", "--temperature", "0")
        keys = ("token_ids", "text", "finish_reason", "logprobs")
        plain, drafted = (self.generate(*flags, "--logprobs", "1", *more) for more in ((), ON))
        self.assertEqual([plain[key] for key in keys], [drafted[key] for key in keys])

        request = {key: BODY[key] for key in ("max_tokens", "ignore_eos", "allowed_token_ids")}
        trace = self.folder / "trace.jsonl"
        trace.write_text("".join(json.dumps({"id": str(i), "prompt_tokens": 9 + i, **request}) + "\n" for i in range(4)))
        runs = []
        for more in ((), ON):
            done = self.spyre("replay", LLAMA, "--trace", trace, *more, env=shapes("64", "40", "2"))
            runs.append([json.loads(line) for line in done.stdout.splitlines()])
        self.assertEqual(runs[0][-1], runs[1][-1])
        self.assertLess(len(runs[1]), len(runs[0]))
        self.assertEqual(max(row["tkv"] for row in runs[1][1:-1]), max(row["tkv"] for row in runs[0][1:-1]))

        for flag in ("latency", "--batch-size"), ("throughput", "--num-prompts"):
            lengths = ("--input-len", "16", "--output-len", "16", flag[1], "2", "--disable-tqdm")
            self.spyre("bench", flag[0], LLAMA, *lengths, *ON)

    def test_memory_is_planned_for_drafts(self):
        def activations(*more) -> int:
            done = self.spyre("plan", LLAMA, "--format", "json", *more, env=shapes("64", "20", "4"))
            return next(each["bytes"] for each in json.loads(done.stdout)["parts"] if each["name"] == "activations")

        self.assertGreaterEqual(activations(*ON), activations())

    def test_what_is_no_prompt_lookup_is_refused(self):
        for config, says in (
            ({"method": "eagle3"}, ("--speculative-config", "ngram", "eagle3")),
            ({"method": "ngram", "num_speculative_tokens": 17}, ("num_speculative_tokens", "16", "17")),
            ({"method": "ngram", "model": "x"}, ("prompt_lookup_max", "model")),
        ):
            for command in ("serve", "generate"):
                self.assert_refused(command, LLAMA, "--speculative-config", json.dumps(config), says=says)


if __name__ == "__main__":
    unittest.main()
