"""Runs the commands of README.md, as they stand there, on a tiny model: MODEL becomes its folder, the JSON block
becomes requests.jsonl, and what asks localhost:8000 asks a server that was started as README says. Commands that set
the machine up or need a network are only looked at: their program must exist."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("SPYRE_BINARY", ROOT / "build/release/spyre"))
MODEL = ROOT / "tests/reference/decoders/llama"
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Without comments; those of several lines as one."""
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").splitlines()
    return [line.split("   #")[0].split("  #")[0].strip() for line in lines if line.strip()]


# The tiny model knows 256 positions.
SMALLER = (
    ("4096,1024", "128,64"),
    ("1024,256", "20,30"),
    ("--random-input-len 256", "--random-input-len 32 --random-output-len 8 --num-prompts 16"),
)


def on_tiny_model(command: str) -> str:
    for large, small in SMALLER:
        command = command.replace(large, small)
    return command.replace("MODEL", str(MODEL))


class Server:
    """A `spyre serve` of README, on a free port."""

    def __init__(self, command: str, **options):
        self.process = subprocess.Popen(
            ["bash", "-c", f"{command} --host 127.0.0.1 --port 0".replace("spyre serve", "exec spyre serve")],
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        self.port = None
        for line in self.process.stderr:
            found = re.search(r"listening on http://127.0.0.1:(\d+)", line)
            if found:
                self.port = found[1]
            if line.rstrip().endswith("ready"):
                break
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        self.reader.join(10)
        self.process.stderr.close()
        return status


class Readme(unittest.TestCase):
    def test_begins_with_the_two_commands(self):
        self.assertEqual(commands()[:2], ["./quickstart", "./check"])
        for command in commands()[:2]:
            self.assertTrue(os.access(ROOT / command, os.X_OK), command)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "bin").mkdir()
        (self.folder / "bin/spyre").symlink_to(BINARY.resolve())
        (self.folder / "story.txt").write_text("Once upon a time")
        (self.folder / "requests.jsonl").write_text(blocks("json")[0])
        (self.folder / "trace.jsonl").write_text('{"id": "0", "prompt_tokens": 40, "max_tokens": 9}\n')
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        self.options = {"cwd": self.folder, "env": {**os.environ, "PATH": path}}

    def run_command(self, command: str):
        with self.subTest(command=command):
            done = subprocess.run(
                ["bash", "-c", command],
                text=True,
                input="Hello\n/quit\n",
                capture_output=True,
                timeout=120,
                errors="replace",
                **self.options,
            )
            self.assertEqual(done.returncode, 0, done.stderr[-2000:])
            self.assertTrue(done.stdout or (self.folder / "results.jsonl").exists())

    def test_every_command_that_ends_runs(self):
        ending = [
            each
            for each in commands()
            if "spyre" in each and not any(word in each for word in ("org/name", " serve", "localhost"))
        ]
        for command in ending:
            self.run_command(on_tiny_model(command))
        self.assertGreaterEqual(len(ending), 10)
        results = [json.loads(line) for line in (self.folder / "results.jsonl").read_text().splitlines()]
        self.assertEqual([result["id"] for result in results], ["a", "b", "c"])

    def test_servers_answer_what_asks_them(self):
        asking = [each for each in commands() if "localhost:8000" in each or "bench serve" in each]
        self.assertEqual(len(asking), 3)
        for serve in (each for each in commands() if "spyre serve" in each):
            server = Server(on_tiny_model(serve), **self.options)
            self.assertIsNotNone(server.port, serve)
            for command in asking:
                command = on_tiny_model(command).replace("localhost:8000", f"localhost:{server.port}")
                command = command.replace("bench serve", f"bench serve --port {server.port}")
                self.run_command(command.replace('"max_tokens": 64', '"max_tokens": 8'))
            self.assertEqual(server.stop(), 0)

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
