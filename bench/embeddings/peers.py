#!/usr/bin/env python3
"""The Python with the peers of throughput.py, made once in the cache folder, and MiniLM's two ONNX files beside it. Prints
their paths.

    bench/embeddings/peers.py
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PACKAGES = (
    "onnxruntime==1.32.0",
    "openvino==2026.4.1",
    "torch==2.13.0",
    "transformers==5.19.0",
    "numpy==2.4.6",
    "onnx==1.23.2",  # these three for the export
    "onnxscript==0.7.2",
    "sympy==1.14.0",
)


def folder() -> pathlib.Path:
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    return cache / "spyre" / "peers-embeddings"


def run(*command) -> None:
    print("+", " ".join(map(str, command)), file=sys.stderr)
    subprocess.run(list(map(str, command)), check=True, stdout=sys.stderr)


def python() -> pathlib.Path:
    env = folder() / f"venv-{hashlib.sha256(' '.join(PACKAGES).encode()).hexdigest()[:12]}"
    if not (env / "complete").exists():
        venv.create(env, with_pip=True, clear=True)
        run(env / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES)
        (env / "complete").touch()
    return env / "bin/python"


def model() -> pathlib.Path:
    done = subprocess.run([ROOT / "scripts/minilm_model"], check=True, stdout=subprocess.PIPE, text=True)
    return pathlib.Path(done.stdout.strip())


def onnx_files() -> tuple[pathlib.Path, pathlib.Path]:
    """As exported, and with fused operators. They get their names when they are complete."""
    source = hashlib.sha256((HERE / "export_onnx.py").read_bytes()).hexdigest()[:12]
    files = tuple(folder() / f"minilm-{kind}-{source}.onnx" for kind in ("plain", "fused"))
    if not all(file.exists() for file in files):
        aside = [file.with_name(f"new-{file.name}") for file in files]
        run(python(), HERE / "export_onnx.py", model(), *aside)
        for made, file in zip(aside, files, strict=True):
            made.rename(file)
    return files


def main() -> None:
    print("\n".join(map(str, [python(), *onnx_files()])))


if __name__ == "__main__":
    main()
