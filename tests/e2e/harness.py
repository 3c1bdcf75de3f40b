"""Runs the binary as a user would and looks at what comes out: standard output, standard error, exit status. Models
are the tiny ones of tests/reference; nothing here needs a network. SPYRE_BINARY names the binary (default: the
release build)."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "tests/reference"
BINARY = os.environ.get("SPYRE_BINARY", str(ROOT / "build/release/spyre"))
LLAMA = REFERENCE / "decoders/llama"
BERT = REFERENCE / "encoders/bert_mean"
SECONDS = 60  # more than any command here takes, by far


def expected(folder: pathlib.Path) -> dict:
    return json.loads((folder / "expected.json").read_text())


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings of ours that a developer may have set."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("VLLM_", "SENDNN_", "TORCH_SENDNN_", "HF_", "SPYRE_"))
    }
    return {**kept, **settings}


class SpyreTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="spyre_e2e_")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def spyre(self, *arguments, input: str = "", env: dict | None = None, status: int | None = 0):
        """The finished process. status: the exit status that is wanted, None for any."""
        done = subprocess.run(
            [BINARY, *map(str, arguments)],
            input=input.encode(),
            capture_output=True,
            timeout=SECONDS,
            env=clean_environment(**(env or {})),
        )
        done.stdout = done.stdout.decode(errors="replace")
        done.stderr = done.stderr.decode(errors="replace")
        if status is not None:
            self.assertEqual(done.returncode, status, f"{arguments}\n{done.stderr[-2000:]}")
        return done

    def generate(self, *arguments, **options) -> dict:
        """The JSON object of `spyre generate`."""
        done = self.spyre("generate", *arguments, "--format", "json", **options)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 1, done.stdout[:500])
        return json.loads(lines[0])

    def assert_refused(self, *arguments, says: tuple[str, ...], **options) -> str:
        """The command fails, with one clear line at the end of standard error that holds each word of `says`."""
        done = self.spyre(*arguments, status=None, **options)
        lines = done.stderr.strip().splitlines()
        self.assertGreater(
            done.returncode,
            0,
            f"{arguments}: wanted a failure, found status {done.returncode} "
            f"(negative: killed by a signal)\n{done.stderr[-2000:]}",
        )
        self.assertTrue(lines, f"{arguments}: failed with status {done.returncode} and said nothing")
        message = lines[-1]
        self.assertTrue(message.startswith("spyre: "), f"{arguments}: {lines[-5:]}")
        for word in says:
            self.assertIn(word, message, f"{arguments}")
        return message

    def copy_of(self, fixture: pathlib.Path) -> pathlib.Path:
        """A copy of a checkpoint folder, to be damaged."""
        target = self.folder / fixture.name
        shutil.copytree(fixture, target)
        return target

    def start(self, *arguments, env: dict | None = None) -> subprocess.Popen:
        """A running process with pipes; killed at the end of the test if it still lives."""
        process = subprocess.Popen(
            [BINARY, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(**(env or {})),
        )

        def stop():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(stop)
        return process

    def interrupt(self, process: subprocess.Popen) -> int:
        """Ctrl-C; returns the exit status."""
        process.send_signal(signal.SIGINT)
        return process.wait(timeout=SECONDS)
