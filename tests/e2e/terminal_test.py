"""What a person at a terminal does: a conversation, /quit, Ctrl-C."""

import json
import time
import unittest

from harness import LLAMA, SpyreTest


class Chat(SpyreTest):
    def test_conversation_and_quit(self):
        done = self.spyre(
            "chat", LLAMA, "--max-tokens", "4", "--temperature", "0", input="Hello\nAnd again\n/quit\nnever\n"
        )
        answers = done.stdout.strip("\n").splitlines()
        self.assertGreaterEqual(len(answers), 2, done.stdout)

    def test_end_of_input_ends_it(self):
        self.spyre("chat", LLAMA, "--max-tokens", "2", input="Hello\n")
        self.spyre("chat", LLAMA, input="")

    def test_ctrl_c_while_waiting(self):
        process = self.start("chat", LLAMA, "--max-tokens", "4")
        process.stdin.write(b"Hello\n")
        process.stdin.flush()
        self.assertTrue(process.stdout.read(1), "the first answer comes")
        time.sleep(0.2)  # on to the next prompt
        self.assertEqual(self.interrupt(process), 130)


class CtrlC(SpyreTest):
    def slow_model(self):
        """A model with random weights that has much to say."""
        model = self.copy_of(LLAMA)
        (model / "model.safetensors").unlink()
        config = json.loads((model / "config.json").read_text())
        config.update(
            hidden_size=512,
            intermediate_size=2048,
            num_hidden_layers=12,
            num_attention_heads=8,
            num_key_value_heads=8,
            head_dim=64,
            max_position_embeddings=32768,
        )
        (model / "config.json").write_text(json.dumps(config))
        return model

    def test_stops_an_answer_cleanly(self):
        process = self.start(
            "generate",
            self.slow_model(),
            "--load-format",
            "dummy",
            "--token-ids",
            "5,17",
            "--ignore-eos",
            "--max-tokens",
            "30000",
        )
        self.assertTrue(process.stdout.read(1), "text streams before the end")
        begin = time.monotonic()
        self.assertEqual(self.interrupt(process), 130)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertNotIn(b"terminate", process.stderr.read())

    def test_stops_a_batch(self):
        requests = self.folder / "requests.jsonl"
        requests.write_text(
            '{"prompt_token_ids": [5], "max_tokens": 1}\n'
            '{"prompt_token_ids": [5], "max_tokens": 30000, "ignore_eos": true}\n'
        )
        process = self.start("generate", self.slow_model(), "--load-format", "dummy", "--input", requests)
        self.assertTrue(process.stdout.readline(), "the short request is answered first")
        self.assertEqual(self.interrupt(process), 130)

    def test_stops_reading_lines(self):
        process = self.start("tokenize", LLAMA)
        process.stdin.write(b'"Hello"\n')
        process.stdin.flush()
        self.assertIn(b"tokens", process.stdout.readline())
        self.assertEqual(self.interrupt(process), 130)


if __name__ == "__main__":
    unittest.main()
