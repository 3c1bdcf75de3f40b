#!/usr/bin/env python3
"""Builds llama.cpp's programs that bench/peers runs once, into the cache folder, and prints their paths as JSON:
llama-bench, llama-batched-bench and llama-quantize.

The source is the one inside the llama-cpp-python source package of pip's index (`pip download`), so no other host is
asked. It is built without its AMX path, which crashes when gcc 12 compiles it, and with every AVX-512 extension that
this machine has: the strongest build that runs here. A second call with the same package and flags only prints the
paths; one that was interrupted goes on where it stopped.

    bench/peers/build_llama_cpp.py [--jobs N] [--version 0.3.36] [--cxx g++]
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import venv

PACKAGE = "llama-cpp-python"
VERSION = "0.3.36"
PROGRAMS = ("llama-bench", "llama-batched-bench", "llama-quantize")
# cmake option -> the flag of /proc/cpuinfo that it needs
ISA_OPTIONS = {
    "GGML_AVX": "avx",
    "GGML_AVX2": "avx2",
    "GGML_FMA": "fma",
    "GGML_F16C": "f16c",
    "GGML_BMI2": "bmi2",
    "GGML_AVX512": "avx512f",
    "GGML_AVX512_VBMI": "avx512_vbmi",
    "GGML_AVX512_VNNI": "avx512_vnni",
    "GGML_AVX512_BF16": "avx512_bf16",
}
CPUINFO_NAMES = {"avx512_vbmi": "avx512vbmi"}  # spelled differently in /proc/cpuinfo


def cache_folder() -> pathlib.Path:
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "spyre"


def isa_flags() -> dict[str, str]:
    """The instruction-set options of llama.cpp for this machine: ON or OFF, each said."""
    found = set()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            found = set(line.split(":", 1)[1].split())
            break
    return {option: "ON" if CPUINFO_NAMES.get(flag, flag) in found else "OFF" for option, flag in ISA_OPTIONS.items()}


def run(command: list, **options) -> None:
    print("+", " ".join(map(str, command)), file=sys.stderr)
    subprocess.run(list(map(str, command)), check=True, stdout=sys.stderr, **options)


def download_source(folder: pathlib.Path, version: str) -> pathlib.Path:
    """The package's source archive. pip asks a source package for its metadata, which needs its build backend."""
    archives = list(folder.glob(f"llama_cpp_python-{version}.tar.gz"))
    if not archives:
        env = folder / "venv"
        venv.create(env, with_pip=True, clear=True)
        pip = [env / "bin" / "python", "-m", "pip"]
        run([*pip, "install", "-q", "scikit-build-core"])
        run(
            [
                *pip,
                "download",
                "-q",
                "--no-binary",
                ":all:",
                "--no-deps",
                "--no-build-isolation",
                "-d",
                folder,
                f"{PACKAGE}=={version}",
            ]
        )
        shutil.rmtree(env)
        archives = list(folder.glob(f"llama_cpp_python-{version}.tar.gz"))
    return archives[0]


def build(version: str = VERSION, cxx: str = "g++", jobs: int | None = None) -> dict[str, pathlib.Path]:
    """Program -> its path."""
    options = {
        **isa_flags(),
        "GGML_NATIVE": "OFF",
        "GGML_AMX_TILE": "OFF",
        "GGML_AMX_INT8": "OFF",
        "GGML_AMX_BF16": "OFF",
        "BUILD_SHARED_LIBS": "OFF",
        "CMAKE_BUILD_TYPE": "Release",
        "CMAKE_CXX_COMPILER": cxx,
        "CMAKE_C_COMPILER": cxx.replace("clang++", "clang").replace("g++", "gcc"),
        "LLAMA_BUILD_TESTS": "OFF",
        "LLAMA_BUILD_EXAMPLES": "OFF",
        "LLAMA_BUILD_SERVER": "OFF",
        "LLAMA_CURL": "OFF",
        "LLAMA_OPENSSL": "OFF",
        "GIT_EXE": "",
    }
    key = hashlib.sha256(repr((version, sorted(options.items()))).encode()).hexdigest()[:12]
    folder = cache_folder() / "peers"
    paths = {program: folder / f"{program}-{version}-{key}" for program in PROGRAMS}
    if all(path.exists() for path in paths.values()):
        return paths

    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"source-{version}"
    vendor = source / f"llama_cpp_python-{version}" / "vendor" / "llama.cpp"
    if not (vendor / "CMakeLists.txt").exists():
        with tarfile.open(download_source(folder, version)) as archive:
            # Python before 3.11.4 knows no filter.
            archive.extractall(source, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    tree = folder / f"build-{key}"
    run(["cmake", "-S", vendor, "-B", tree, "-G", "Ninja", *[f"-D{name}={value}" for name, value in options.items()]])
    run(["cmake", "--build", tree, "--target", *PROGRAMS, "-j", jobs or os.cpu_count()])
    for program, path in paths.items():
        aside = path.with_name(path.name + ".new")
        shutil.copy2(tree / "bin" / program, aside)
        aside.rename(path)
    shutil.rmtree(tree)
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", default=VERSION, help="of the llama-cpp-python package (default: %(default)s)")
    parser.add_argument("--cxx", default="g++", help="compiler (default: %(default)s)")
    parser.add_argument("--jobs", type=int, help="default: one for each CPU")
    arguments = parser.parse_args()
    paths = build(arguments.version, arguments.cxx, arguments.jobs)
    print(json.dumps({program: str(path) for program, path in paths.items()}, indent=1))


if __name__ == "__main__":
    main()
