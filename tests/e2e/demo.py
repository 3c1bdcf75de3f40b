"""The demo model, for tests that need a real one."""

import functools
import subprocess
import unittest

from harness import ROOT


@functools.cache
def demo_model() -> str:
    """Its path; skips the test when it is not here and cannot be fetched."""
    done = subprocess.run([str(ROOT / "scripts/demo_model")], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise unittest.SkipTest("the demo model is not here and cannot be fetched")
    return done.stdout.strip()
