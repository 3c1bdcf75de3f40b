"""`spyre bench serve`, `latency`, `throughput` and `startup` as scripts use them: options, labels, JSON keys, exit
statuses. What is measured here is nobody's concern: no number of seconds is compared."""

import itertools
import json
import signal
import socket
import subprocess
import threading
import time
import unittest

from harness import BINARY, LLAMA, SECONDS, clean_environment
from server import Server, ServerTest, shapes

# In the order of the report; scripts look for them word by word.
ALWAYS = (
    "Successful requests:",
    "Failed requests:",
    "Benchmark duration (s):",
    "Total input tokens:",
    "Total generated tokens:",
    "Request throughput (req/s):",
    "Output token throughput (tok/s):",
    "Peak output token throughput (tok/s):",
    "Peak concurrent requests:",
    "Total token throughput (tok/s):",
)
MEASURES = ("ttft", "tpot", "itl", "e2el")
TITLES = {
    "ttft": "Time to First Token",
    "tpot": "Time per Output Token (excl. 1st token)",
    "itl": "Inter-token Latency",
    "e2el": "End-to-end Latency",
}
KEYS = (
    "date endpoint_type backend label model_id tokenizer_id num_prompts request_rate burstiness max_concurrency "
    "duration completed failed total_input_tokens total_output_tokens request_throughput request_goodput "
    "output_throughput total_token_throughput max_output_tokens_per_s max_concurrent_requests"
).split()
DETAILS = "input_lens output_lens ttfts itls generated_texts errors start_times queue_times latencies".split()


def report_of(text: str) -> dict[str, float]:
    """The numbers of a report by their labels, which fill 40 columns."""
    rows = {}
    for line in text.splitlines():
        if ":" in line:
            label, value = line[:40].rstrip(), line[41:]
            rows[label] = float(value)
    return rows


class BenchTest(ServerTest):
    def bench(self, *arguments, **options):
        return self.spyre("bench", *arguments, **options)

    def interrupted(self, *arguments, until, **settings) -> subprocess.CompletedProcess:
        """The command after Ctrl-C, which comes when `until` says so."""
        process = subprocess.Popen(
            [BINARY, "bench", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(**settings),
            text=True,
        )
        try:
            end = time.monotonic() + SECONDS
            while not until():
                self.assertIsNone(process.poll(), arguments)
                self.assertLess(time.monotonic(), end, arguments)
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
        self.assertEqual(process.returncode, 130, errors)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


class Serve(BenchTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(
            LLAMA, "--served-model-name", "tiny", "alias", "--max-num-queued-reqs", "1000", env=shapes("64", "40", "4")
        )
        cls.addClassCleanup(cls.server.kill)
        cls.server.wait_ready()

    def serve_bench(self, *arguments, status: int | None = 0, base: str | None = None, **options):
        return self.bench("serve", "--base-url", base or self.server.url, *arguments, status=status, **options)

    def result(self, *arguments, **options) -> tuple[dict[str, float], dict]:
        """Report and JSON of a run."""
        saved = ("--save-result", "--result-dir", self.folder, "--result-filename", "result.json")
        done = self.serve_bench(*arguments, *saved, **options)
        return report_of(done.stdout), json.loads((self.folder / "result.json").read_text())

    def test_random_prompts_for_completions(self):
        sizes = ("--random-input-len", "20", "--random-output-len", "8", "--num-prompts", "9", "--ignore-eos")
        done = self.serve_bench(*sizes)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], f"{' Serving Benchmark Result ':=^50}")
        self.assertEqual(lines[-1], "=" * 50)
        labels = [line[:40].rstrip() for line in lines if ":" in line]
        shown = [f"{kind} {name.upper()} (ms):" for name in MEASURES[:3] for kind in ("Mean", "Median", "P99")]
        self.assertEqual(labels, [*ALWAYS, *shown])
        titles = [line.strip("-") for line in lines if line.startswith("-")]
        self.assertEqual(titles, [TITLES[name] for name in MEASURES[:3]])
        rows = report_of(done.stdout)
        self.assertEqual(rows["Successful requests:"], 9)
        self.assertEqual(rows["Failed requests:"], 0)
        self.assertEqual(rows["Total input tokens:"], 9 * 20)
        self.assertEqual(rows["Total generated tokens:"], 9 * 8)

    def test_saved_result(self):
        report, result = self.result(
            *("--random-input-len", "10", "--random-output-len", "6", "--num-prompts", "7", "--ignore-eos"),
            *("--label", "mine", "--metadata", "host=here", "git=a=b", "--tokenizer", "other"),
        )
        self.assertEqual(set(KEYS) - set(result), set())
        for name, kind in itertools.product(MEASURES, ("mean", "median", "std", "p99")):
            self.assertIsInstance(result[f"{kind}_{name}_ms"], float)
        self.assertEqual(set(DETAILS) & set(result), set())
        wanted = {
            "endpoint_type": "openai",
            "backend": "openai",
            "label": "mine",
            "model_id": "tiny",
            "tokenizer_id": "other",
            "num_prompts": 7,
            "request_rate": "inf",
            "burstiness": 1,
            "max_concurrency": None,
            "completed": 7,
            "failed": 0,
            "total_input_tokens": 70,
            "total_output_tokens": 42,
            "request_goodput": None,
            "host": "here",
            "git": "a=b",
        }
        self.assertEqual({key: result[key] for key in wanted}, wanted)
        self.assertRegex(result["date"], r"^\d{8}-\d{6}$")
        # The report and the file say the same.
        for label, key in (
            ("Benchmark duration (s):", "duration"),
            ("Request throughput (req/s):", "request_throughput"),
            ("Output token throughput (tok/s):", "output_throughput"),
            ("Total token throughput (tok/s):", "total_token_throughput"),
            ("Mean TTFT (ms):", "mean_ttft_ms"),
            ("Median TPOT (ms):", "median_tpot_ms"),
            ("P99 ITL (ms):", "p99_itl_ms"),
        ):
            self.assertAlmostEqual(report[label], result[key], delta=0.006, msg=label)
        self.assertAlmostEqual(result["request_throughput"], 7 / result["duration"])
        self.assertAlmostEqual(result["output_throughput"], 42 / result["duration"])

    def test_details(self):
        _, result = self.result(
            *("--random-input-len", "10", "--random-output-len", "6", "--num-prompts", "5"),
            *("--random-range-ratio", "0.5", "--ignore-eos", "--save-detailed"),
        )
        for key in DETAILS:
            self.assertEqual(len(result[key]), 5, key)
        self.assertEqual(result["errors"], [""] * 5)
        self.assertTrue(all(5 <= length <= 15 for length in result["input_lens"]))
        self.assertTrue(all(3 <= length <= 9 for length in result["output_lens"]))
        self.assertGreater(len(set(result["input_lens"] + result["output_lens"])), 1)
        self.assertEqual(sum(result["output_lens"]), result["total_output_tokens"])
        for first, latency, gaps, tokens in zip(
            *(result[key] for key in ("ttfts", "latencies", "itls", "output_lens")), strict=True
        ):
            self.assertGreater(first, 0)
            self.assertLessEqual(len(gaps), tokens - 1)  # a token of half a letter brings no text
            self.assertAlmostEqual(first + sum(gaps), latency)

    def test_the_same_seed_asks_the_same(self):
        def texts(seed: str) -> list[str]:
            sizes = ("--random-input-len", "10", "--random-output-len", "8", "--num-prompts", "4", "--ignore-eos")
            return self.result(*sizes, "--save-detailed", "--seed", seed)[1]["generated_texts"]

        self.assertEqual(texts("1"), texts("1"))
        self.assertNotEqual(texts("1"), texts("2"))

    def test_chat(self):
        report, result = self.result(
            *("--backend", "openai-chat", "--model", "alias", "--num-prompts", "6", "--save-detailed"),
            *("--random-input-len", "2", "--random-output-len", "5", "--ignore-eos"),
        )
        self.assertEqual(report["Successful requests:"], 6)
        self.assertEqual((result["backend"], result["model_id"]), ("openai-chat", "alias"))
        self.assertEqual(result["output_lens"], [5] * 6)
        self.assertTrue(all(result["generated_texts"]))

    def test_custom_prompts(self):
        path = self.folder / "prompts.jsonl"
        lines = [{"prompt": "Hello", "output_tokens": 3}, {"prompt": [5, 6, 7], "output_tokens": 4}]
        path.write_text("\n\n".join(map(json.dumps, lines)) + "\n")
        custom = ("--dataset-name", "custom", "--dataset-path", path, "--ignore-eos", "--save-detailed")
        _, result = self.result(*custom, "--num-prompts", "4", "--custom-output-len", "-1")
        self.assertEqual(result["output_lens"], [3, 4, 3, 4])  # the file again from its top
        self.assertEqual(result["input_lens"][1], 3)
        answer = self.server.post(
            "/v1/completions", {"prompt": "Hello", "max_tokens": 3, "temperature": 0, "ignore_eos": True}
        )
        self.assertEqual(result["generated_texts"][0], answer["choices"][0]["text"])
        _, result = self.result(*custom, "--num-prompts", "1", "--custom-output-len", "6")
        self.assertEqual(result["output_lens"], [6])

    def test_rate_and_concurrency(self):
        few = ("--num-prompts", "8", "--random-input-len", "5", "--random-output-len", "4")
        done = self.serve_bench(*few, "--request-rate", "200", "--burstiness", "2", "--max-concurrency", "2")
        rows = report_of(done.stdout)
        self.assertEqual(rows["Maximum request concurrency:"], 2)
        self.assertEqual(rows["Request rate configured (RPS):"], 200)
        self.assertLessEqual(rows["Peak concurrent requests:"], 2)
        labels = [line[:40].rstrip() for line in done.stdout.splitlines() if ":" in line]
        self.assertEqual(labels[2:4], ["Maximum request concurrency:", "Request rate configured (RPS):"])
        _, result = self.result(*few, "--request-rate", "200", "--max-concurrency", "1")
        self.assertEqual((result["request_rate"], result["max_concurrency"]), (200, 1))
        self.assertEqual(result["max_concurrent_requests"], 1)

    def test_goodput(self):
        few = ("--num-prompts", "4", "--random-input-len", "5", "--random-output-len", "4")
        report, result = self.result(*few, "--goodput", "ttft:1e9", "e2el:1e9", "tpot:1e9")
        self.assertEqual(result["request_goodput"], result["request_throughput"])
        self.assertIn("Request goodput (req/s):", report)
        _, result = self.result(*few, "--goodput", "ttft:1e9", "e2el:0")
        self.assertEqual(result["request_goodput"], 0)

    def test_measures_and_percentiles(self):
        few = ("--num-prompts", "4", "--random-input-len", "5", "--random-output-len", "4")
        shown = ("--percentile-metrics", "e2el,ttft", "--metric-percentiles", "25,50,99.9")
        report, result = self.result(*few, *shown)
        found = [label for label in report if "(ms)" in label]
        kinds = ("Mean", "Median", "P25", "P50", "P99.9")
        self.assertEqual(found, [f"{kind} {name} (ms):" for name in ("E2EL", "TTFT") for kind in kinds])
        self.assertLessEqual(result["p25_e2el_ms"], result["p99.9_e2el_ms"])
        self.assertEqual(result["p50_ttft_ms"], result["median_ttft_ms"])

    def test_a_name_is_made_for_the_result(self):
        few = ("--num-prompts", "2", "--random-input-len", "5", "--random-output-len", "4")
        folder = self.folder / "not" / "there"
        self.serve_bench(*few, "--save-result", "--result-dir", folder, "--max-concurrency", "3")
        [path] = folder.iterdir()
        self.assertRegex(path.name, r"^openai-infqps-concurrency3-tiny-\d{8}-\d{6}\.json$")

    def test_warmups_and_fields_of_ones_own(self):
        few = ("--num-prompts", "3", "--random-input-len", "5", "--random-output-len", "4", "--num-warmups", "2")
        body = ("--extra-body", '{"max_tokens": 2, "ignore_eos": true}', "--header", "X-Request-Id=mine")
        report, _ = self.result(*few, *body, "--endpoint", "v1/completions")
        self.assertEqual(report["Total generated tokens:"], 3 * 2)

    def test_requests_that_fail_are_counted(self):
        path = self.folder / "prompts.jsonl"
        lines = [{"prompt": "Hello"}, {"prompt": "word " * 200}]
        path.write_text("\n".join(map(json.dumps, lines)))
        saved = ("--save-result", "--save-detailed", "--result-dir", self.folder, "--result-filename", "r.json")
        custom = ("--dataset-name", "custom", "--dataset-path", path, "--custom-output-len", "4")
        done = self.serve_bench(*custom, "--num-prompts", "4", *saved)
        result = json.loads((self.folder / "r.json").read_text())
        self.assertEqual((result["completed"], result["failed"]), (2, 2))
        self.assertEqual([bool(error) for error in result["errors"]], [False, True, False, True])
        self.assertIn("maximum context length", result["errors"][1])
        self.assertIn("a request failed: HTTP 400", done.stderr)

    def test_when_all_fail_so_does_the_command(self):
        some = ("--num-prompts", "2", "--random-input-len", "5", "--random-output-len", "4")
        done = self.serve_bench(*some, "--model", "nobody", "--ready-check-timeout-sec", "0", status=1)
        self.assertEqual(report_of(done.stdout)["Failed requests:"], 2)
        self.assertIn("nobody", done.stderr)

    def test_refusals(self):
        for arguments, words in (
            (("--model", "nobody"), ("the first request failed", "404", "nobody")),
            (("--endpoint", "/nothing"), ("the first request failed", "404")),
            (("--extra-body", '{"n": 0}'), ("the first request failed", "400", "n: wanted")),
            (("--extra-body", "[1]"), ("--extra-body",)),
            (("--goodput", "itl:5"), ("--goodput", "itl:5")),
            (("--goodput", "ttft"), ("--goodput", "'ttft'")),
            (("--goodput", "ttft:soon"), ("--goodput", "ttft:soon")),
            (("--percentile-metrics", "ttft,"), ("--percentile-metrics",)),
            (("--metric-percentiles", "101"), ("--metric-percentiles", "101")),
            (("--request-rate", "0"), ("--request-rate",)),
            (("--max-concurrency", "0"), ("--max-concurrency",)),
            (("--num-prompts", "0"), ("--num-prompts",)),
            (("--header", "x"), ("--header", "NAME=VALUE")),
            (("--metadata", "=x"), ("--metadata", "NAME=VALUE")),
            (("--dataset-name", "poems"), ("--dataset-name", "random")),
            (("--dataset-name", "custom"), ("--dataset-path",)),
            (("--dataset-name", "custom", "--dataset-path", self.folder / "away"), ("cannot be read",)),
            (("--base-url", "https://127.0.0.1"), ("--base-url", "TLS")),
            (("--base-url", "127.0.0.1"), ("--base-url", "http://")),
        ):
            with self.subTest(arguments=arguments):
                usual = ("--base-url", self.server.url, "--random-input-len", "5", "--random-output-len", "4")
                self.assert_refused("bench", "serve", *usual, *arguments, says=words)

    def test_bad_files_of_prompts(self):
        path = self.folder / "prompts.jsonl"
        for text, words in (
            ("", ("found none",)),
            ("\n \n", ("found none",)),
            ("{", ("line 1",)),
            ('{"prompt": "a"}\n{"text": "a"}', ("line 2", "prompt")),
            ('{"prompt": ""}', ("line 1",)),
            ('{"prompt": [1, "a"]}', ("line 1",)),
            ('{"prompt": [-1]}', ("line 1",)),
            ("[]", ("line 1",)),
        ):
            with self.subTest(text):
                path.write_text(text)
                custom = ("--dataset-name", "custom", "--dataset-path", path, "--num-prompts", "2")
                arguments = ("bench", "serve", "--base-url", self.server.url, *custom)
                self.assert_refused(*arguments, says=("--dataset-path", *words))
        path.write_text('{"prompt": "a", "output_tokens": 0}')
        arguments = (*arguments, "--custom-output-len", "-1")
        self.assert_refused(*arguments, says=("line 1", "output_tokens", "--custom-output-len"))

    def test_ctrl_c_reports_what_was_done(self):
        slow = ("--num-prompts", "100000", "--request-rate", "20")
        slow = (*slow, "--random-input-len", "5", "--random-output-len", "4")
        path = self.folder / "part.json"
        saved = ("--save-result", "--save-detailed", "--result-filename", path)
        before = self.answered()
        done = self.interrupted(
            *("serve", "--base-url", self.server.url, *slow, *saved), until=lambda: self.answered() >= before + 8
        )
        completed = report_of(done.stdout)["Successful requests:"]
        self.assertGreater(completed, 0)
        result = json.loads(path.read_text())
        self.assertEqual((result["completed"], result["num_prompts"]), (completed, 100000))
        self.assertEqual(len(result["latencies"]), result["completed"] + result["failed"])

    def answered(self) -> float:
        return self.server.metric("vllm:request_success_total")


class Away(BenchTest):
    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        base = ("bench", "serve", "--port", str(port))
        self.assert_refused(*base, "--ready-check-timeout-sec", "1", says=("not ready after 1 s", "--base-url"))
        self.assert_refused(*base, "--ready-check-timeout-sec", "0", says=("/v1/models", "--base-url"))
        done = self.spyre(*base, "--model", "m", "--ready-check-timeout-sec", "0", "--num-prompts", "3", status=1)
        self.assertEqual(report_of(done.stdout)["Failed requests:"], 3)
        unknown = ("bench", "serve", "--host", "no.such.host.invalid", "--ready-check-timeout-sec", "1")
        self.assert_refused(*unknown, says=("no.such.host.invalid", "--host"))

    def test_a_server_that_says_nothing_sensible(self):
        """It takes every connection, answers rubbish and hangs up."""
        with socket.create_server(("127.0.0.1", 0)) as rubbish:

            def answer():
                try:
                    while True:
                        client, _ = rubbish.accept()
                        client.recv(65536)
                        client.sendall(b"\x00 rubbish \xff\r\n\r\n")
                        client.close()
                except OSError:
                    return

            thread = threading.Thread(target=answer)
            thread.start()
            base = ("bench", "serve", "--port", str(rubbish.getsockname()[1]), "--num-prompts", "3", "--model", "m")
            self.assert_refused(*base, "--ready-check-timeout-sec", "1", says=("not ready",))
            done = self.spyre(*base, "--ready-check-timeout-sec", "0", status=1)
            self.assertEqual(report_of(done.stdout)["Failed requests:"], 3)
            rubbish.shutdown(socket.SHUT_RDWR)
            thread.join()

    def test_ctrl_c_ends_the_waiting(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        begun = time.monotonic()
        done = self.interrupted("serve", "--port", port, until=lambda: time.monotonic() > begun + 0.5)
        self.assertIn("stopped", done.stderr)

    def test_it_waits_for_a_server_that_comes_later(self):
        server = self.serve(LLAMA, env=shapes("64", "40", "4"), ready=False)
        few = ("--num-prompts", "2", "--random-input-len", "5", "--random-output-len", "4")
        done = self.bench("serve", "--base-url", server.url, *few)
        self.assertEqual(report_of(done.stdout)["Successful requests:"], 2)

    def test_keys(self):
        server = self.serve(LLAMA, "--api-key", "sesame", env=shapes("64", "40", "4"))
        few = ("--base-url", server.url, "--num-prompts", "2", "--random-input-len", "5", "--random-output-len", "4")
        self.assert_refused("bench", "serve", *few, says=("401", "--api-key"))
        self.assert_refused("bench", "serve", *few, "--api-key", "wrong", says=("401", "--api-key"))
        self.assert_refused("bench", "serve", *few, "--model", str(LLAMA), says=("the first request failed", "401"))
        for arguments, settings in (
            (("--api-key", "sesame"), {}),
            ((), {"VLLM_API_KEY": "sesame"}),
            (("--header", "Authorization=Bearer sesame"), {}),
        ):
            with self.subTest(arguments=arguments, settings=settings):
                done = self.bench("serve", *few, *arguments, env=settings)
                self.assertEqual(report_of(done.stdout)["Successful requests:"], 2)


class Offline(BenchTest):
    def test_latency(self):
        path = self.folder / "latency.json"
        done = self.bench(
            *("latency", LLAMA, "--input-len", "8", "--output-len", "4", "--batch-size", "2"),
            *("--num-iters", "3", "--num-iters-warmup", "1", "--output-json", path),
        )
        lines = done.stdout.splitlines()
        percents = (10, 25, 50, 75, 90, 99)
        self.assertRegex(lines[0], r"^Avg latency: \S+ seconds$")
        for line, percent in zip(lines[1:], percents, strict=True):
            self.assertRegex(line, rf"^{percent}% percentile latency: \S+ seconds$")
        result = json.loads(path.read_text())
        self.assertEqual(set(result), {"avg_latency", "latencies", "percentiles"})
        self.assertEqual(list(result["percentiles"]), [str(percent) for percent in percents])
        self.assertEqual(len(result["latencies"]), 3)
        self.assertAlmostEqual(result["avg_latency"], sum(result["latencies"]) / 3)
        self.assertEqual(float(lines[0].split()[2]), result["avg_latency"])

    def test_throughput(self):
        path = self.folder / "throughput.json"
        done = self.bench(
            *("throughput", LLAMA, "--input-len", "8", "--output-len", "4", "--num-prompts", "6"),
            *("--max-num-seqs", "3", "--output-json", path),
        )
        first, prompts, outputs = done.stdout.splitlines()
        self.assertRegex(first, r"^Throughput: [\d.]+ requests/s, [\d.]+ total tokens/s, [\d.]+ output tokens/s$")
        self.assertEqual(prompts.split(), ["Total", "num", "prompt", "tokens:", "48"])
        self.assertEqual(outputs.split(), ["Total", "num", "output", "tokens:", "24"])
        result = json.loads(path.read_text())
        self.assertEqual((result["num_requests"], result["total_num_tokens"]), (6, 72))
        self.assertAlmostEqual(result["requests_per_second"], 6 / result["elapsed_time"])
        self.assertAlmostEqual(result["tokens_per_second"], 72 / result["elapsed_time"])

    def test_startup(self):
        path = self.folder / "startup.json"
        done = self.bench("startup", LLAMA, "--num-iters-cold", "1", "--num-iters-warm", "2", "--output-json", path)
        labels = [line[:40].rstrip() for line in done.stdout.splitlines()]
        times = ("Avg {} startup", "Median {} startup", "P99 {} startup", "Median {} warm-up")
        starts = itertools.product(("cold", "warm"), times)
        self.assertEqual(labels, [f"{what.format(start)} time (s):" for start, what in starts])
        result = json.loads(path.read_text())
        self.assertEqual([len(result[start]["seconds"]) for start in ("cold", "warm")], [1, 2])
        self.assertLess(max(result["warm"]["warmup_seconds"]), min(result["cold"]["warmup_seconds"]))
        for start in result.values():
            self.assertEqual(set(start["percentiles"]), {"50", "99"})
            self.assertAlmostEqual(start["avg"], sum(start["seconds"]) / len(start["seconds"]))

    def test_startup_of_servers_that_differ(self):
        """Their flags and environment are those of this command; the address is its own."""
        once = ("--num-iters-cold", "0", "--num-iters-warm", "1")
        few = shapes("64", "20", "1")
        done = self.bench("startup", LLAMA, *once, "--api-key", "k", "--served-model-name", "a", "b", env=few)
        self.assertEqual(len(done.stdout.splitlines()), 4)
        wrong = ("--max-model-len", "100000")
        done = self.bench("startup", LLAMA, *once, *wrong, status=1)
        self.assertIn("the server ended before it was ready", done.stderr)
        self.assertIn("--max-model-len", done.stderr)

    def test_refusals(self):
        for arguments, words in (
            (("latency",), ("MODEL",)),
            (("latency", "/not/there"), ("/not/there",)),
            (("latency", LLAMA, "--input-len", "300"), ("--input-len 300", "--max-model-len 256")),
            (("latency", LLAMA, "--num-iters", "0"), ("--num-iters",)),
            (("latency", LLAMA, "--batch-size", "0"), ("--batch-size",)),
            (("latency", LLAMA, "--num-prompts", "3"), ("--num-prompts",)),
            (("throughput",), ("MODEL",)),
            (("throughput", LLAMA, "--output-len", "256"), ("--output-len 256", "--max-model-len 256")),
            (("throughput", LLAMA, "--num-prompts", "0"), ("--num-prompts",)),
            (("startup",), ("MODEL",)),
            (("startup", "/not/there"), ("/not/there",)),
            (("startup", LLAMA, "--num-iters-cold", "0", "--num-iters-warm", "0"), ("at least one start",)),
            (("startup", LLAMA, "--ssl-certfile", "a", "--ssl-keyfile", "b"), ("--ssl-certfile",)),
            ((), ("bench serve", "bench latency", "bench throughput", "bench startup")),
            (("nothing",), ("bench serve",)),
        ):
            with self.subTest(arguments=arguments):
                self.assert_refused("bench", *arguments, says=words)

    def test_results_that_cannot_be_written(self):
        few = ("--input-len", "4", "--output-len", "2", "--num-prompts", "1")
        (self.folder / "file").write_text("")
        path = self.folder / "file" / "result.json"
        done = self.bench("throughput", LLAMA, *few, "--output-json", path, status=1)
        self.assertTrue(done.stdout.startswith("Throughput: "))  # the measurement is not lost
        self.assertIn("--output-json", done.stderr)

    def test_ctrl_c_before_anything_was_measured_is_no_result(self):
        path = self.folder / "result.json"
        for name, more in (
            ("latency", ("--num-iters-warmup", "100000000")),
            ("throughput", ("--num-prompts", "20000")),
            ("startup", ("--num-iters-cold", "100000", "--num-iters-warm", "0")),
        ):
            with self.subTest(name):
                begun = time.monotonic()
                done = self.interrupted(
                    *(name, LLAMA, *more, "--output-json", path), until=lambda: time.monotonic() > begun + 1
                )
                self.assertEqual(done.stdout, "")
                self.assertFalse(path.exists())

    def test_help(self):
        for name in ("serve", "latency", "throughput", "startup"):
            done = self.bench(name, "--help")
            self.assertIn(f"bench {name}", done.stdout)


if __name__ == "__main__":
    unittest.main()
