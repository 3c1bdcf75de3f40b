"""`spyre tokenize`, `spyre detokenize` and `spyre inspect`."""

import json
import unittest

from harness import LLAMA, REFERENCE, SpyreTest, expected


class Tokenize(SpyreTest):
    def lines(self, command: str, model, requests: list, status: int = 0) -> list[dict]:
        """The answers to requests, each sent as JSON; bytes are sent as they are."""
        text = "".join((line.decode() if isinstance(line, bytes) else json.dumps(line)) + "\n" for line in requests)
        done = self.spyre(command, model, input=text, status=status)
        return [json.loads(line) for line in done.stdout.split("\n") if line]  # splitlines() knows other line ends too

    def test_every_tokenizer_both_ways(self):
        for folder in sorted((REFERENCE / "tokenizers").iterdir()):
            cases = expected(folder)["encode"]
            with self.subTest(tokenizer=folder.name):
                answers = self.lines("tokenize", folder, [case["text"] for case in cases])
                self.assertEqual([answer["tokens"] for answer in answers], [case["ids_special"] for case in cases])
                self.assertEqual([answer["count"] for answer in answers], [len(case["ids_special"]) for case in cases])
                plain = self.lines(
                    "tokenize", folder, [{"prompt": case["text"], "add_special_tokens": False} for case in cases]
                )
                self.assertEqual([answer["tokens"] for answer in plain], [case["ids"] for case in cases])
                texts = self.lines("detokenize", folder, [{"tokens": case["ids_special"]} for case in cases])
                self.assertEqual([answer["prompt"] for answer in texts], [case["decoded"] for case in cases])

    def test_gguf_carries_its_tokenizer(self):
        for folder in sorted((REFERENCE / "gguf").iterdir()):
            with self.subTest(model=folder.name):
                cases = [case for case in expected(folder)["text_prompts"] if "text" in case]
                answers = self.lines("tokenize", folder / "model.gguf", [case["text"] for case in cases])
                self.assertEqual([answer["tokens"] for answer in answers], [case["ids"] for case in cases])

    def test_messages(self):
        (answer,) = self.lines("tokenize", LLAMA, [{"messages": [{"role": "user", "content": "Hello"}]}])
        self.assertGreater(answer["count"], 1)

    def test_the_tokenizer_of_another_place(self):
        other = REFERENCE / "decoders/qwen2"
        gguf = REFERENCE / "gguf/gguf_q4_q5/model.gguf"
        for place in (other, gguf):
            with self.subTest(tokenizer=place.name):
                wanted = self.lines("tokenize", place, ["Hello there"])
                done = self.spyre("tokenize", LLAMA, "--tokenizer", place, input='"Hello there"\n')
                self.assertEqual([json.loads(done.stdout)], wanted)
        (ids,) = self.lines("tokenize", other, ["Hello there"])
        answer = self.generate(LLAMA, "--tokenizer", other, "--prompt", "Hello there", "--max-tokens", "2")
        self.assertEqual(answer["prompt_token_ids"], ids["tokens"])

    def test_a_bad_line_is_answered_and_the_rest_go_on(self):
        answers = self.lines("tokenize", LLAMA, [b"{", {"nothing": 1}, 5, "fine"], status=1)
        self.assertEqual(["error" in answer for answer in answers], [True, True, True, False])
        answers = self.lines("detokenize", LLAMA, [{"tokens": "a"}, [-1], [10**10], [[1]], [5]], status=1)
        self.assertEqual(["error" in answer for answer in answers], [True, True, True, True, False])


class Inspect(SpyreTest):
    def test_folder_and_gguf(self):
        folder = self.spyre("inspect", LLAMA).stdout
        for word in ("LlamaForCausalLM", "397", "256", "F32"):
            self.assertIn(word, folder)
        gguf = self.spyre("inspect", REFERENCE / "gguf/gguf_q4_q5/model.gguf").stdout
        for word in ("Q4_0", "Q4_1", "Q5_0", "Q5_1"):
            self.assertIn(word, gguf)

    def test_no_such_model(self):
        self.assert_refused("inspect", self.folder / "none", says=("none",))


if __name__ == "__main__":
    unittest.main()
