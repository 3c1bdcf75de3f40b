"""`spyre chat --url`: a conversation with a running server."""

import unittest

from harness import LLAMA
from server import ServerTest, shapes

GREEDY = ("--temperature", "0", "--max-tokens", "6", "--ignore-eos")


class ServedChat(ServerTest):
    def test_it_says_what_the_model_says_here(self):
        server = self.serve(LLAMA, env=shapes("192", "64", "1"))
        here = self.spyre("chat", LLAMA, *GREEDY, "--system", "Be brief.", input="Hello\nAnd again\n/quit\n")
        for url in (server.url, f"{server.url}/v1", f"{server.url}/"):
            there = self.spyre(
                "chat", "--url", url, *GREEDY, "--system-prompt", "Be brief.", input="Hello\nAnd again\n/quit\n"
            )
            self.assertEqual(there.stdout, here.stdout)

    def test_a_quick_question_and_its_numbers(self):
        server = self.serve(LLAMA, "--api-key", "secret", env=shapes("128", "64", "1"))
        done = self.spyre(
            "chat", "--url", server.url, "--api-key", "secret", *GREEDY, "--quick", "Hello", "--stats", input="not read"
        )
        self.assertTrue(done.stdout.strip())
        self.assertRegex(done.stderr, r"6 tokens, first after \d+\.\d\d s, then \d+\.\d tokens/s")
        local = self.spyre("chat", LLAMA, *GREEDY, "--quick", "Hello")
        self.assertEqual(done.stdout, local.stdout)

    def test_errors_say_what_to_change(self):
        server = self.serve(LLAMA, "--api-key", "secret", env=shapes("64", "20", "1"))
        for arguments, words in (
            (("--url", server.url), "--api-key"),
            (("--url", "http://127.0.0.1:9"), "is the server running?"),
            (("--url", "https://127.0.0.1"), "https"),
            (("--url", server.url, LLAMA), "--model-name"),
            (("--url", server.url, "--api-key", "secret", "--model-name", "other", "--quick", "Hello"), "other"),
            (("--url", server.url, "--api-key", "secret", "--quick", "word " * 200), "tokens"),
            ((), "wanted a MODEL"),
        ):
            with self.subTest(arguments=arguments[:4]):
                self.assertIn(words, self.spyre("chat", *arguments, status=None).stderr)

    def test_vllm_s_order_of_starting(self):
        server = self.serve(LLAMA, "--listen-when-ready", env=shapes("64", "20", "1"))
        self.assertLess(server.log.index("[WARMUP]"), server.log.index("listening on"))


if __name__ == "__main__":
    unittest.main()
