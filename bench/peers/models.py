#!/usr/bin/env python3
"""The model files that compare.py measures, made once in the cache folder: SmolLM2-135M, which is the demo model and
what the peer's quantiser makes of it, and random weights in the shapes of Llama-3.2-1B and Granite-3.3-2B, written by
random_gguf.py as BF16 and made Q4_0 by the same quantiser. Prints the path of each model asked for.

    bench/peers/models.py [NAME ...]        default: the four of SmolLM2; --list names all
"""

import argparse
import pathlib
import subprocess
import sys
import venv

import build_llama_cpp

ROOT = pathlib.Path(__file__).resolve().parents[2]
GGUF_PACKAGE = "gguf==0.19.0"
DEMO = "smollm2-135m-q4_1"
# name -> (source, format of the quantiser); a source that is no name here is a shape of random_gguf.py
DERIVED = {
    "smollm2-135m-q4_0": (DEMO, "Q4_0"),
    "smollm2-135m-q8_0": (DEMO, "Q8_0"),
    "smollm2-135m-bf16": (DEMO, "BF16"),
    "llama-3.2-1b-q4_0": ("llama-3.2-1b-bf16", "Q4_0"),
    "llama-3.2-1b-bf16": ("llama-3.2-1b", None),
    "granite-3.3-2b-q4_0": ("granite-3.3-2b-bf16", "Q4_0"),
    "granite-3.3-2b-bf16": ("granite-3.3-2b", None),
}
NAMES = (DEMO, *DERIVED)
SMALL = tuple(name for name in NAMES if name.startswith("smollm2"))


def run(*command) -> None:
    print("+", " ".join(map(str, command)), file=sys.stderr)
    subprocess.run(list(map(str, command)), check=True, stdout=sys.stderr)


def folder() -> pathlib.Path:
    return build_llama_cpp.cache_folder() / "peers-models"


def python_with_gguf() -> pathlib.Path:
    env = folder() / "venv"
    complete = env / GGUF_PACKAGE
    if not complete.exists():
        venv.create(env, with_pip=True, clear=True)
        run(env / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", GGUF_PACKAGE)
        complete.touch()
    return env / "bin/python"


def make(name: str) -> pathlib.Path:
    """The path of a model's file, which is made first when it is not there. It gets its name when it is complete."""
    if name == DEMO:
        done = subprocess.run([ROOT / "scripts/demo_model"], check=True, stdout=subprocess.PIPE, text=True)
        return pathlib.Path(done.stdout.strip())
    path = folder() / f"{name}.gguf"
    if path.exists():
        return path
    folder().mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".new")
    source, quantised = DERIVED[name]
    if quantised is None:
        run(python_with_gguf(), ROOT / "bench/peers/random_gguf.py", source, make(DEMO), aside)
    else:
        # The demo model is quantised already: what matters here is the speed of a format, not what it answers.
        quantise = build_llama_cpp.build()["llama-quantize"]
        run(quantise, "--allow-requantize", make(source), aside, quantised)
    aside.rename(path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="models to make")
    parser.add_argument("--list", action="store_true", help="prints the names and makes nothing")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in NAMES]:
        parser.error(f"{unknown[0]}: wanted one of {', '.join(NAMES)}")
    for name in NAMES if arguments.list else arguments.names or SMALL:
        print(name if arguments.list else make(name))


if __name__ == "__main__":
    main()
