"""Runs the commands of README.md, as they stand there, on a tiny model: MODEL becomes its folder, the JSON block
becomes requests.jsonl. Commands that set the machine up or need a network are only looked at: their program must
exist."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("SPYRE_BINARY", ROOT / "build/release/spyre"))
MODEL = ROOT / "tests/reference/decoders/llama"
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line.split("   #")[0].strip() for block in blocks("sh") for line in block.splitlines() if line.strip()]


class Readme(unittest.TestCase):
    def test_begins_with_the_two_commands(self):
        self.assertEqual(commands()[:2], ["./quickstart", "./check"])
        for command in commands()[:2]:
            self.assertTrue(os.access(ROOT / command, os.X_OK), command)

    def test_every_spyre_command_runs(self):
        tried = 0
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "bin").mkdir()
            (path / "bin/spyre").symlink_to(BINARY.resolve())
            (path / "story.txt").write_text("Once upon a time")
            (path / "requests.jsonl").write_text(blocks("json")[0])
            environment = {**os.environ, "PATH": f"{path}/bin:{os.environ['PATH']}"}
            for command in commands():
                if "spyre" not in command or "org/name" in command:
                    continue
                with self.subTest(command=command):
                    done = subprocess.run(
                        ["bash", "-c", command.replace("MODEL", str(MODEL))],
                        cwd=path,
                        text=True,
                        input="Hello\n/quit\n",
                        capture_output=True,
                        timeout=120,
                        env=environment,
                        errors="replace",
                    )
                    self.assertEqual(done.returncode, 0, done.stderr[-2000:])
                    self.assertTrue(done.stdout or (path / "results.jsonl").exists())
                tried += 1
            results = [json.loads(line) for line in (path / "results.jsonl").read_text().splitlines()]
        self.assertEqual([result["id"] for result in results], ["a", "b", "c"])
        self.assertGreaterEqual(tried, 10)

    def test_json_fields_are_those_of_the_answer(self):
        sentence = re.search(r"prints one object: (.*?)\. Many", README, re.DOTALL).group(1)
        wanted = set(re.findall(r"`(\w+)`", sentence))
        done = subprocess.run(
            [BINARY, "generate", MODEL, "--token-ids", "5", "--max-tokens", "1", "--format", "json"],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        self.assertLessEqual(wanted, set(json.loads(done.stdout)))


if __name__ == "__main__":
    unittest.main()
