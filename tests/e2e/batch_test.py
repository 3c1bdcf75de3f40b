"""`spyre generate --input`: many requests in one run give what each gives alone, in the order of the file."""

import json
import unittest

from harness import LLAMA, SpyreTest, expected


class Batch(SpyreTest):
    def run_lines(self, lines: list, *arguments, status: int = 0) -> tuple[list[dict], str]:
        requests, results = self.folder / "requests.jsonl", self.folder / "results.jsonl"
        requests.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
        done = self.spyre("generate", LLAMA, "--input", requests, "--output", results, *arguments, status=status)
        return [json.loads(line) for line in results.read_text().splitlines()], done.stderr

    def test_same_as_alone(self):
        prompts = expected(LLAMA)["prompts"]
        lines = [
            {
                "id": f"r{i}",
                "prompt_token_ids": prompts[i % 3]["ids"],
                "max_tokens": 8 + i,
                "temperature": 0,
                "ignore_eos": True,
            }
            for i in range(7)
        ]
        results, _ = self.run_lines(lines, "--dtype", "float32")
        self.assertEqual([result["id"] for result in results], [line["id"] for line in lines])
        for i, result in enumerate(results):
            self.assertEqual(result["token_ids"], prompts[i % 3]["greedy"]["ids"][: 8 + i])

    def test_same_bits_at_any_batch_size(self):
        lines = [
            {
                "prompt_token_ids": [7 + i, 21, 3 * i + 1],
                "max_tokens": 12,
                "temperature": 1.0,
                "seed": i,
                "logprobs": 3,
                "ignore_eos": True,
            }
            for i in range(6)
        ]
        together, _ = self.run_lines(lines, "--max-num-seqs", "6")
        alone, _ = self.run_lines(lines, "--max-num-seqs", "1")
        for one, other in zip(together, alone, strict=True):
            self.assertEqual((one["token_ids"], one["logprobs"]), (other["token_ids"], other["logprobs"]))

    def test_messages_and_prompt(self):
        results, _ = self.run_lines(
            [
                {"id": 1, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2},
                {"id": 2, "prompt": "Hello", "max_tokens": 2},
            ]
        )
        self.assertGreater(results[0]["usage"]["prompt_tokens"], results[1]["usage"]["prompt_tokens"])

    def test_a_bad_line_does_not_stop_the_others(self):
        good = {"id": "good", "prompt_token_ids": [5], "max_tokens": 2, "temperature": 0, "ignore_eos": True}
        bad = [
            ("{", ()),
            ('"text"', ("object",)),
            ({"id": "none", "max_tokens": 2}, ("prompt", "messages")),
            ({"prompt": "a", "messages": []}, ("exactly one",)),
            ({"prompt_token_ids": [5], "max_tokens": 0}, ("max_tokens",)),
            ({"prompt_token_ids": [5], "temperature": -1}, ("temperature",)),
            ({"prompt_token_ids": [5], "temprature": 1}, ("temprature",)),
            ({"prompt_token_ids": [99999]}, ("99999",)),
            ({"prompt_token_ids": []}, ("prompt",)),
            ({"prompt_token_ids": [5], "n": "two"}, ("n",)),
        ]
        results, stderr = self.run_lines([good, *(line for line, _ in bad), good], status=1)
        self.assertEqual(len(results), len(bad) + 2)
        self.assertEqual(len(results[0]["token_ids"]), 2)
        self.assertEqual(results[0]["token_ids"], results[-1]["token_ids"])
        for result, (line, words) in zip(results[1:-1], bad, strict=True):
            for word in words:
                self.assertIn(word, result["error"]["message"], line)
        self.assertIn(f"{len(bad)} of {len(bad) + 2}", stderr)


if __name__ == "__main__":
    unittest.main()
