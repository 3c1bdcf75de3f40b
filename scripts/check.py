"""Builds and tests the whole house, one phase after the other, and prints the totals last:

    1234 passed, 0 failed, 5 skipped

    release   clang build, unit tests, golden and reference tests, documentation and house rules
    e2e       the command line from outside, on the fixtures and the demo model
    rust      cargo test, rustfmt, clippy of crates/
    format    clang-format of every C++ file
    asan      clang build with address and undefined-behaviour sanitizers, all unit tests again, the server under abuse
    fuzz      every fuzz target, a minute in total, on the asan build
    tsan      thread sanitizer: the tests of the rooms that own threads
    gcc       the second compiler takes every room without a warning; --all: and every test
    tidy      clang-tidy on the files that changed since main (on main: since the commit before); --all: on all

A phase that cannot run (its tool is missing) is counted as skipped and said. A broken build is one failure; later
phases still run. Logs lie in build/check/. Exit status: 0 when nothing failed.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "check"
CORES = len(os.sched_getaffinity(0))
THREADED_ROOMS = ["base", "cache", "engine", "serve_http"]  # under the thread sanitizer
FUZZ_SECONDS = 60  # of wall time, all targets together
TIDY_SECONDS = 120  # of wall time; the files that do not fit are counted as skipped


class Totals:
    """What was counted so far, and the names of what failed."""

    def __init__(self):
        self.passed = self.skipped = 0
        self.failures = []

    def add(self, name: str, passed: int, failed: int, skipped: int) -> None:
        self.passed += passed
        self.skipped += skipped
        self.failures += [name] * failed

    def one(self, name: str, good: bool) -> None:
        self.add(name, int(good), int(not good), 0)


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:5.0f} s] {text}", flush=True)


STARTED = time.monotonic()


def cpu_seconds() -> float:
    """What all finished children have used: on a busy machine it says more than the clock."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(name: str, command: list, seconds: int = 1200, env: dict | None = None) -> tuple[bool, str]:
    """Runs a command with its output in build/check/NAME.log; a failure shows its end. Success and output come back."""
    start = time.monotonic()
    log = LOGS / f"{name}.log"
    with log.open("w") as file:
        try:
            done = subprocess.run(
                [str(word) for word in command],
                cwd=ROOT,
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                timeout=seconds,
                env={**os.environ, **(env or {})},
            )
            status = done.returncode
        except subprocess.TimeoutExpired:
            status = f"time over after {seconds} s"
    output = log.read_text(errors="replace")
    good = status == 0
    if not good:
        print(output[-8000:])
    say(
        f"{name}: {'ok' if good else f'FAILED ({status}), see {log.relative_to(ROOT)}'}"
        f" ({time.monotonic() - start:.0f} s)"
    )
    return good, output


# --- C++: building, and counting what ctest ran


def build(totals: Totals, preset: str, targets: list[str] = ()) -> bool:
    # A build folder that was once told to build a part of the house forgets it.
    good, _ = run(f"configure-{preset}", ["cmake", "--preset", preset, "-U", "SPYRE_ROOMS"])
    if good:
        wanted = ["--target", *targets] if targets else []
        # ccache, where there is one, must be told that precompiled headers are no reason to give up.
        good, _ = run(
            f"build-{preset}",
            ["cmake", "--build", ROOT / "build" / preset, *wanted],
            env={"CCACHE_SLOPPINESS": "pch_defines,time_macros"},
        )
    if not good:
        totals.one(f"build {preset}", False)
    return good


def count_google_test(file: pathlib.Path) -> tuple[int, int, int] | None:
    """passed, failed, skipped of a GoogleTest report; None when the program died before it wrote one."""
    try:
        suites = json.loads(file.read_text())["testsuites"]
    except (OSError, ValueError, KeyError):
        return None
    cases = [case for suite in suites for case in suite["testsuite"]]
    failed = sum("failures" in case for case in cases)
    skipped = sum(case["result"] in ("SKIPPED", "SUPPRESSED") for case in cases)
    return len(cases) - failed - skipped, failed, skipped


def count_unittest(output: str) -> tuple[int, int, int] | None:
    """The same of the closing lines of Python's unittest."""
    ran = re.findall(r"^Ran (\d+) tests?", output, re.MULTILINE)
    if not ran:
        return None
    closing = output[output.rindex("Ran ") :]
    counts = {word: int(number) for word, number in re.findall(r"(failures|errors|skipped)=(\d+)", closing)}
    failed = counts.get("failures", 0) + counts.get("errors", 0)
    skipped = counts.get("skipped", 0)
    return max(0, int(ran[-1]) - failed - skipped), failed, skipped  # a test may fail in several parts


def ctest(
    totals: Totals, name: str, preset: str, selection: list[str], seconds: int, jobs: int = 1, env: dict | None = None
) -> None:
    """Runs the selected tests of a build and counts their cases, not only their programs."""
    reports = LOGS / f"{name}-reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir()
    folder = ROOT / "build" / preset
    listing = json.loads(
        subprocess.run(
            ["ctest", "--test-dir", str(folder), *selection, "--show-only=json-v1"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
    programs = {test["name"]: pathlib.Path(test.get("command", ["missing"])[0]).name for test in listing["tests"]}
    junit = reports / "ctest.xml"
    run(
        name,
        [
            "ctest",
            "--test-dir",
            folder,
            *selection,
            "--output-on-failure",
            "--timeout",
            seconds,
            "-j",
            jobs,
            "--output-junit",
            junit,
            "--test-output-size-passed",
            10**8,
            "--test-output-size-failed",
            10**8,
        ],
        seconds=3 * seconds,
        env={
            "GTEST_OUTPUT": f"json:{reports}/",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            "ASAN_SYMBOLIZER_PATH": shutil.which("llvm-symbolizer-19") or "",
            **(env or {}),
        },
    )
    try:
        cases = {case.get("name"): case for case in xml.etree.ElementTree.parse(junit).iter("testcase")}
    except (OSError, xml.etree.ElementTree.ParseError):
        cases = {}
    for test, program in programs.items():
        case = cases.get(test)
        good = case is not None and case.get("status") == "run"
        output = (case.findtext("system-out") or "") if case is not None else ""
        counts = count_google_test(reports / f"{program}.json") or count_unittest(output)
        if counts is None:
            counts = (int(good), int(not good), 0)
        elif not good and counts[1] == 0:
            counts = (counts[0], 1, counts[2])  # every case passed and yet the program failed: a leak, a crash at exit
        totals.add(f"{name}: {test}", *counts)


# --- the phases


def phase_release(totals: Totals, _) -> None:
    if build(totals, "release"):
        ctest(totals, "release-tests", "release", ["-LE", "e2e"], 300)


def phase_e2e(totals: Totals, _) -> None:
    if not (ROOT / "build/release/spyre").exists():
        totals.one("e2e: build/release/spyre is missing", False)
        return
    ctest(totals, "e2e-tests", "release", ["-L", "e2e"], 600)


def phase_rust(totals: Totals, _) -> None:
    target = {"CARGO_TARGET_DIR": str(ROOT / "build" / "cargo")}
    for manifest in sorted(ROOT.glob("crates/*/Cargo.toml")):
        crate = manifest.parent.name
        # The release profile, so that the dependencies built for the static library serve again.
        good, output = run(
            f"cargo-test-{crate}", ["cargo", "test", "--release", "--locked", "--manifest-path", manifest], env=target
        )
        results = re.findall(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", output)
        passed, failed, ignored = (sum(int(row[i]) for row in results) for i in range(3))
        totals.add(f"cargo test {crate}", passed, max(failed, int(not good)), ignored)
        for tool, name, arguments in (
            ("rustfmt", "fmt", ["--check"]),
            ("cargo-clippy", "clippy", ["--release", "--locked", "--all-targets", "--", "-D", "warnings"]),
        ):
            if shutil.which(tool) is None:
                say(f"cargo-{name}-{crate}: skipped, {tool} is not installed")
                totals.add(name, 0, 0, 1)
                continue
            command = ["cargo", name, "--manifest-path", manifest, *arguments]
            totals.one(f"cargo {name} {crate}", run(f"cargo-{name}-{crate}", command, env=target)[0])


def cpp_files() -> list[pathlib.Path]:
    return sorted(
        file for room in ("src", "tests", "bench") for file in (ROOT / room).rglob("*") if file.suffix in (".h", ".cc")
    )


def phase_format(totals: Totals, _) -> None:
    good, _ = run("clang-format", ["clang-format-19", "--dry-run", "-Werror", *cpp_files()])
    totals.one("clang-format", good)


def phase_asan(totals: Totals, _) -> None:
    if build(totals, "asan"):
        ctest(totals, "asan-tests", "asan", ["-LE", "e2e|house"], 600, CORES)
        ctest(totals, "asan-server", "asan", ["-R", "^e2e_malformed$"], 300)


def phase_fuzz(totals: Totals, _) -> None:
    programs = sorted((ROOT / "build/asan/fuzz").glob("*_fuzz"))
    if not programs:
        totals.one("fuzz: no targets were built", False)
        return
    share = max(2, FUZZ_SECONDS * CORES // max(CORES, len(programs)))

    def fuzz(program: pathlib.Path) -> bool:
        name = program.name.removesuffix("_fuzz")
        found = LOGS / "corpus" / name  # new inputs are kept outside the tree, and serve the next run
        found.mkdir(parents=True, exist_ok=True)
        return run(
            f"fuzz-{name}",
            [
                program,
                f"-max_total_time={share}",
                "-timeout=20",
                "-rss_limit_mb=3000",
                "-print_final_stats=1",
                f"-artifact_prefix={LOGS}/{name}-",
                found,
                ROOT / "tests/fuzz/corpus" / name,
            ],
            share + 120,
        )[0]

    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        for program, good in zip(programs, pool.map(fuzz, programs), strict=True):
            totals.one(f"fuzz {program.name}", good)


# A server whose threads are watched is ten times as slow.
TSAN_SOAK = {"SPYRE_SOAK_SECONDS": "30", "SPYRE_SOAK_SANITIZED": "1", "TSAN_OPTIONS": "halt_on_error=1"}


def phase_tsan(totals: Totals, _) -> None:
    if build(totals, "tsan", [*(f"{room}_test" for room in [*THREADED_ROOMS, "runner"]), "spyre"]):
        ctest(totals, "tsan-tests", "tsan", ["-R", f"^({'|'.join(THREADED_ROOMS)})$"], 600)
        # Of the models, as much as takes compiled programs through all that threads do together.
        ctest(totals, "tsan-compiled", "tsan", ["-R", "^runner$"], 300, env={"GTEST_FILTER": "CompiledThreads.*"})
        ctest(totals, "tsan-soak", "tsan", ["-R", "^e2e_soak$"], 300, env=TSAN_SOAK)


def phase_gcc(totals: Totals, options: argparse.Namespace) -> None:
    if build(totals, "gcc", [] if options.all else ["spyre"]):
        totals.one("build gcc", True)


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def changed_sources() -> list[pathlib.Path]:
    """Sources to look at: the changed ones and, for a changed header, the source beside it."""
    head = git("rev-parse", "HEAD")
    base = git("merge-base", "HEAD", "origin/main") or git("merge-base", "HEAD", "main")
    if base == head or not base:
        base = git("rev-parse", "HEAD~1")
    if not base:
        return [file for file in cpp_files() if file.suffix == ".cc"]
    names = git("diff", "--name-only", base).splitlines() + git("ls-files", "-o", "--exclude-standard").splitlines()
    changed = {ROOT / name for name in names if name.endswith((".cc", ".h"))}
    return sorted(file for file in {file.with_suffix(".cc") for file in changed} if file.exists())


def phase_tidy(totals: Totals, options: argparse.Namespace) -> None:
    # Debug has no precompiled headers: a file that does not include what it uses is found here.
    if not run("configure-debug", ["cmake", "--preset", "debug", "-U", "SPYRE_ROOMS"])[0]:
        totals.one("configure debug", False)
        return
    commands = ROOT / "build/debug/compile_commands.json"
    compiled = {pathlib.Path(entry["file"]) for entry in json.loads(commands.read_text())}
    files = [file for file in cpp_files() if options.all] or changed_sources()
    files = [file for file in files if file in compiled]
    end = time.monotonic() + (3600 if options.all else TIDY_SECONDS)

    def tidy(file: pathlib.Path) -> bool | None:
        if time.monotonic() > end:
            return None
        command = ["clang-tidy-19", "--quiet", "-p", str(commands.parent), str(file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stdout[-4000:])
        return done.returncode == 0

    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        results = list(pool.map(tidy, files))
    for file, good in zip(files, results, strict=True):
        if good is not None:
            totals.one(f"tidy {file.relative_to(ROOT)}", good)
    totals.add("tidy", 0, 0, results.count(None))
    late = f", {results.count(None)} not for lack of time" if None in results else ""
    say(f"clang-tidy: {len(files) - results.count(None)} files looked at{late}, {results.count(False)} with findings")


PHASES = {
    name.removeprefix("phase_"): function for name, function in list(globals().items()) if name.startswith("phase_")
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="./check", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="gcc on the tests too, clang-tidy on every file")
    parser.add_argument("--only", metavar="PHASE,...", help="these phases instead of all")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(PHASES)
    unknown = [name for name in chosen if name not in PHASES]
    if unknown:
        parser.error(f"--only: unknown phase {unknown[0]}; there are {', '.join(PHASES)}")

    LOGS.mkdir(parents=True, exist_ok=True)
    totals = Totals()
    for name in chosen:
        start, cpu_start = time.monotonic(), cpu_seconds()
        say(f"--- {name}")
        PHASES[name](totals, options)
        say(f"--- {name}: {time.monotonic() - start:.0f} s, {cpu_seconds() - cpu_start:.0f} s of CPU")
    for name in dict.fromkeys(totals.failures):
        print(f"FAILED: {name}" + (f" ({totals.failures.count(name)})" if totals.failures.count(name) > 1 else ""))
    print(f"{totals.passed} passed, {len(totals.failures)} failed, {totals.skipped} skipped")
    return 1 if totals.failures else 0


if __name__ == "__main__":
    sys.exit(main())
