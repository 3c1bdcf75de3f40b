"""The main job on real input: the demo model answers a question with sense. Skipped when it cannot be fetched."""

import subprocess
import unittest

from demo import demo_model
from harness import ROOT, SpyreTest


class Demo(SpyreTest):
    def setUp(self):
        super().setUp()
        demo_model()

    def test_answers_with_sense(self):
        answer = self.generate(
            demo_model(),
            "--chat",
            "What is the capital of France? Answer in one sentence.",
            "--temperature",
            "0",
            "--max-tokens",
            "32",
        )
        self.assertIn("Paris", answer["text"])
        self.assertEqual(answer["finish_reason"], "stop")

    def test_continues_text(self):
        answer = self.generate(
            demo_model(),
            "--prompt",
            "The days of the week are Monday, Tuesday, Wednesday,",
            "--temperature",
            "0",
            "--max-tokens",
            "8",
        )
        self.assertIn("Thursday", answer["text"])

    def test_a_prompt_of_several_chunks(self):
        answer = self.generate(
            demo_model(), "--prompt", "The cat sat on the mat. " * 100, "--temperature", "0", "--max-tokens", "8"
        )
        self.assertGreater(answer["usage"]["prompt_tokens"], 512)
        self.assertIn("The cat sat", answer["text"])

    def test_load_is_quick(self):
        answer = self.generate(demo_model(), "--token-ids", "5", "--max-tokens", "1")
        self.assertLess(answer["timings"]["load_seconds"], 5, "the goal is 1 s on an idle machine")


class Quickstart(SpyreTest):
    def test_once(self):
        demo_model()
        done = subprocess.run([str(ROOT / "quickstart"), "--once"], capture_output=True, text=True, timeout=900)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertIn("scatter", done.stdout)
        self.assertIn("tokens/s", done.stderr)

    def test_wrong_words(self):
        for arguments in (["--twice"], ["a", "b"]):
            done = subprocess.run([str(ROOT / "quickstart"), *arguments], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2)
            self.assertIn("quickstart:", done.stderr)


if __name__ == "__main__":
    unittest.main()
