"""`spyre generate`: every way to give a prompt, every field of the answer, and the reference's tokens in float32."""

import json
import unittest

from harness import LLAMA, REFERENCE, SpyreTest, expected

GREEDY = ("--temperature", "0", "--ignore-eos", "--max-tokens", "24", "--dtype", "float32")


def comma(ids) -> str:
    return ",".join(map(str, ids))


class TokenIds(SpyreTest):
    def assert_follows(self, model, prompt: dict, *flags: str):
        answer = self.generate(
            model, "--token-ids", comma(prompt["ids"]), *GREEDY, "--logprobs", "5", "--prompt-logprobs", "1", *flags
        )
        self.assertEqual(answer["prompt_token_ids"], prompt["ids"])
        self.assertEqual(answer["token_ids"], prompt["greedy"]["ids"])
        for ours, theirs in zip(answer["logprobs"], prompt["greedy"]["logprobs"], strict=True):
            self.assertAlmostEqual(ours["logprob"], theirs, delta=2e-3)
        scored = list(zip(answer["prompt_logprobs"] or [], prompt["prompt_logprobs"], strict=False))
        for ours, theirs in scored[1:]:
            self.assertAlmostEqual(ours["logprob"], theirs, delta=2e-3)
        self.assertTrue(len(prompt["ids"]) == 1 or (len(scored) == len(prompt["ids"]) and scored[0] == (None, None)))

    def test_every_decoder_follows_the_reference(self):
        for folder in sorted((REFERENCE / "decoders").iterdir()):
            if folder.name == "phi3_longrope":
                continue
            for prompt in expected(folder)["prompts"]:
                with self.subTest(model=folder.name, prompt=prompt["name"]):
                    self.assert_follows(folder, prompt)

    def test_longrope_factors_follow_the_length_that_is_served(self):
        # The reference changes factors when a sequence grows past the original 48 positions; ours are chosen once, by
        # --max-model-len, so that a token never changes with what follows it.
        folder = REFERENCE / "decoders/phi3_longrope"
        for prompt in expected(folder)["prompts"]:
            with self.subTest(prompt=prompt["name"]):
                self.assert_follows(folder, prompt, *(["--max-model-len", "48"] if len(prompt["ids"]) < 24 else []))
        for always in expected(folder)["long_factor_always"]:
            prompt = next(each for each in expected(folder)["prompts"] if each["name"] == always["name"])
            answer = self.generate(folder, "--token-ids", comma(prompt["ids"]), *GREEDY)
            self.assertEqual(answer["token_ids"], always["greedy_ids"])

    def test_gguf_and_quantised_follow_the_reference(self):
        for folder in sorted([*(REFERENCE / "gguf").iterdir(), *(REFERENCE / "quantised").iterdir()]):
            file = folder / "model.gguf"
            for prompt in expected(folder)["prompts"]:
                with self.subTest(model=folder.name, prompt=prompt["name"]):
                    answer = self.generate(
                        file if file.exists() else folder, "--token-ids", comma(prompt["ids"]), *GREEDY
                    )
                    self.assertEqual(answer["token_ids"], prompt["greedy"]["ids"])


class Answer(SpyreTest):
    def test_fields(self):
        answer = self.generate(
            LLAMA,
            "--token-ids",
            "5,17,29",
            "--max-tokens",
            "4",
            "--temperature",
            "0",
            "--ignore-eos",
            "--logprobs",
            "2",
        )
        self.assertEqual(answer["prompt_token_ids"], [5, 17, 29])
        self.assertEqual(len(answer["token_ids"]), 4)
        self.assertIsInstance(answer["text"], str)
        self.assertEqual(answer["finish_reason"], "length")
        self.assertIsNone(answer["stop_reason"])
        self.assertEqual(answer["usage"], {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7})
        self.assertEqual([entry["id"] for entry in answer["logprobs"]], answer["token_ids"])
        for entry in answer["logprobs"]:
            self.assertEqual(entry["id"], entry["top"][0]["id"], "greedy takes the likeliest")
            self.assertGreaterEqual(entry["top"][0]["logprob"], entry["top"][1]["logprob"])
        for name in (
            "load_seconds",
            "prefill_seconds",
            "decode_seconds",
            "prefill_tokens_per_second",
            "decode_tokens_per_second",
        ):
            self.assertGreaterEqual(answer["timings"][name], 0, name)

    def test_logprobs_only_when_asked_for(self):
        answer = self.generate(LLAMA, "--token-ids", "5", "--max-tokens", "2")
        self.assertIsNone(answer["logprobs"])
        self.assertIsNone(answer["prompt_logprobs"])

    def test_stop_token_and_stop_string(self):
        full = self.generate(LLAMA, "--token-ids", "5,17,29", *GREEDY)
        token = full["token_ids"][3]
        stopped = self.generate(LLAMA, "--token-ids", "5,17,29", *GREEDY, "--stop-token-ids", token)
        first = full["token_ids"].index(token)
        self.assertEqual(stopped["token_ids"], full["token_ids"][: first + 1])
        self.assertEqual((stopped["finish_reason"], stopped["stop_reason"]), ("stop", token))

        word = next(text for text in full["text"][2:] if text.isascii() and text.isprintable())
        stopped = self.generate(LLAMA, "--token-ids", "5,17,29", *GREEDY, "--stop", word)
        self.assertEqual(stopped["text"], full["text"][: full["text"].index(word)])
        self.assertEqual((stopped["finish_reason"], stopped["stop_reason"]), ("stop", word))

    def test_end_of_sequence_stops(self):
        # The reference's first greedy token becomes the end token of a copy.
        prompt = expected(LLAMA)["prompts"][1]
        copy = self.copy_of(LLAMA)
        for name in ("config.json", "generation_config.json"):
            settings = json.loads((copy / name).read_text())
            settings["eos_token_id"] = prompt["greedy"]["ids"][2]
            (copy / name).write_text(json.dumps(settings))
        answer = self.generate(copy, "--token-ids", comma(prompt["ids"]), "--temperature", "0", "--max-tokens", "24")
        self.assertEqual(answer["token_ids"], prompt["greedy"]["ids"][:3])
        self.assertEqual(answer["finish_reason"], "stop")

    def test_seed_repeats_and_choices_differ(self):
        flags = (
            "--token-ids",
            "5,17,29",
            "--max-tokens",
            "16",
            "--temperature",
            "1.5",
            "--ignore-eos",
            "--seed",
            "7",
            "--n",
            "2",
        )
        first, second = self.generate(LLAMA, *flags), self.generate(LLAMA, *flags)
        ids = [choice["token_ids"] for choice in first["choices"]]
        self.assertEqual(ids, [choice["token_ids"] for choice in second["choices"]])
        self.assertNotEqual(ids[0], ids[1])

    def test_threads_do_not_change_the_answer(self):
        flags = (
            "--token-ids",
            "5,17,29,41",
            "--max-tokens",
            "16",
            "--temperature",
            "1",
            "--seed",
            "3",
            "--logprobs",
            "3",
        )
        one = self.generate(LLAMA, *flags, "--threads", "1")
        two = self.generate(LLAMA, *flags, "--threads", "2")
        self.assertEqual(one["token_ids"], two["token_ids"])
        self.assertEqual(one["logprobs"], two["logprobs"], "the same bits")

    def test_beam_search(self):
        beam = self.generate(LLAMA, "--token-ids", "5,17,29", "--max-tokens", "6", "--ignore-eos", "--beam-width", "4")
        self.assertEqual(len(beam["token_ids"]), 6)


class Prompts(SpyreTest):
    def text_case(self) -> dict:
        return next(case for case in expected(LLAMA)["text_prompts"] if case["name"] == "raw")

    def test_text(self):
        case = self.text_case()
        answer = self.generate(LLAMA, "--prompt", case["text"], *GREEDY)
        self.assertEqual(answer["prompt_token_ids"], case["ids"])
        self.assertEqual(answer["token_ids"], case["greedy"]["ids"])

    def test_file(self):
        case = self.text_case()
        file = self.folder / "prompt.txt"
        file.write_text(case["text"])
        answer = self.generate(LLAMA, "--prompt-file", file, *GREEDY)
        self.assertEqual(answer["prompt_token_ids"], case["ids"])

    def test_chat_renders_the_template(self):
        answer = self.generate(LLAMA, "--chat", "Hello", "--max-tokens", "2")
        alone = self.generate(LLAMA, "--prompt", "Hello", "--max-tokens", "2")
        self.assertGreater(len(answer["prompt_token_ids"]), len(alone["prompt_token_ids"]))
        system = self.generate(LLAMA, "--chat", "Hello", "--system", "Be brief.", "--max-tokens", "2")
        self.assertGreater(len(system["prompt_token_ids"]), len(answer["prompt_token_ids"]))

    def test_text_is_streamed_to_standard_output_only(self):
        json_answer = self.generate(LLAMA, "--token-ids", "5,17,29", *GREEDY)
        done = self.spyre("generate", LLAMA, "--token-ids", "5,17,29", *GREEDY)
        self.assertEqual(done.stdout.rstrip("\n"), json_answer["text"].rstrip("\n"))
        self.assertIn("tokens/s", done.stderr)


if __name__ == "__main__":
    unittest.main()
