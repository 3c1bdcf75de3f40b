"""/metrics from outside: the law of exact counts, and names that dashboards look for."""

import json
import unittest

from harness import LLAMA
from server import ServerTest, shapes


class Counts(ServerTest):
    def test_sequential_requests_are_counted_exactly(self):
        requests, prompt, answer = 7, 9, 6
        server = self.serve(LLAMA, env=shapes("64", "20", "4"))
        body = {"prompt": [5] * prompt, "max_tokens": answer, "ignore_eos": True, "temperature": 0}
        for _ in range(requests):
            server.post("/v1/completions", body)
        found = server.metrics()

        def sample(name: str) -> float:
            [value] = [value for series, value in found.items() if series.split("{")[0] == name]
            return value

        for name in (
            "time_to_first_token_seconds",
            "e2e_request_latency_seconds",
            "request_queue_time_seconds",
            "request_prefill_time_seconds",
            "request_decode_time_seconds",
            "request_inference_time_seconds",
        ):
            self.assertEqual(sample(f"vllm:{name}_count"), requests, name)
        self.assertEqual(sample("vllm:inter_token_latency_seconds_count"), requests * (answer - 1))
        self.assertEqual(sample("vllm:iteration_tokens_total_sum"), requests * (prompt + answer))
        self.assertEqual(sample("vllm:iteration_tokens_total_count"), requests * answer)
        self.assertEqual(sample("vllm:prompt_tokens_total"), requests * prompt)
        self.assertEqual(sample("vllm:generation_tokens_total"), requests * answer)
        for gauge in ("num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"):
            self.assertEqual(sample(f"vllm:{gauge}"), 0, gauge)
        self.assertEqual(server.metric("spyre:shape_requests_total"), requests)
        self.assertEqual(
            server.metric("http_requests_total", handler="/v1/completions", method="POST", status="2xx"), requests
        )

    def test_no_key_is_asked_for(self):
        server = self.serve(LLAMA, "--api-key", "secret", env=shapes("64", "20", "1"))
        self.assertEqual(server.request("GET", "/metrics")[0], 200)

    def test_rejections_are_counted(self):
        server = self.serve(LLAMA, env=shapes("64", "20", "1"))
        server.post("/v1/completions", {"prompt": [5], "max_tokens": 60}, status=400)
        self.assertEqual(server.metric("spyre:shape_rejections_total"), 1)


class Log(ServerTest):
    BODY = {"prompt": [5] * 9, "max_tokens": 6, "ignore_eos": True}

    def test_requests_and_answers_when_asked_for(self):
        flags = ("--enable-log-requests", "--enable-log-outputs", "--max-log-len", "3", "--log-level", "DEBUG")
        server = self.serve(LLAMA, *flags, env=shapes("64", "20", "2"))
        server.request("POST", "/v1/completions", self.BODY, {"X-Request-Id": "one"})
        list(server.stream("/v1/completions", self.BODY))
        server.stop()
        self.assertRegex(server.log, r'info Received request "cmpl-one": prompt tokens: 9, params: n=1, max_tokens=6')
        self.assertRegex(server.log, r'debug Request "cmpl-one" details: prompt: "')
        self.assertRegex(server.log, r'Generated response "cmpl-one", choice 0: output: ".*", tokens: 6, finish_reason')
        self.assertEqual(server.log.count("Generated response"), 2)

    def test_a_line_for_each_answer_but_probes(self):
        server = self.serve(LLAMA, env=shapes("64", "20", "2"))
        server.post("/v1/completions", self.BODY)
        server.request("GET", "/nowhere%0Aforged")
        server.stop()
        self.assertRegex(server.log, r'127\.0\.0\.1:\d+ - "POST /v1/completions HTTP/1\.1" 200 OK')
        self.assertIn('"GET /nowhere%0Aforged HTTP/1.1" 404 Not Found', server.log)
        self.assertNotIn("/ready", server.log)
        self.assertNotIn("Received request", server.log)

    def test_access_lines_can_be_left_out(self):
        for flags in (("--disable-uvicorn-access-log",), ("--uvicorn-log-level", "warning"),
                      ("--disable-access-log-for-endpoints", "/tokenize,/v1/completions")):
            server = self.serve(LLAMA, *flags, env=shapes("64", "20", "2"))
            server.post("/v1/completions", self.BODY)
            server.stop()
            self.assertNotIn("HTTP/1.1", server.log, flags)


class Keys(ServerTest):
    def test_the_scope_of_vllm(self):
        server = self.serve(LLAMA, "--api-key", "secret", "--api-key-scope", "vllm", env=shapes("64", "20", "1"))
        self.assertEqual(server.request("POST", "/tokenize", {"prompt": "a"})[0], 200)
        self.assertEqual(server.request("GET", "/v1/models")[0], 401)
        closed = self.serve(LLAMA, "--api-key", "secret", env=shapes("64", "20", "1"))
        self.assertEqual(closed.request("POST", "/tokenize", {"prompt": "a"})[0], 401)


class Files(ServerTest):
    def test_the_two_logs(self):
        server = self.serve(
            LLAMA,
            env=shapes("64", "20", "2")
            | {"VLLM_SPYRE_PERF_METRIC_LOGGING_ENABLED": "1", "VLLM_SPYRE_PERF_METRIC_LOGGING_DIR": str(self.folder)},
        )
        server.post("/v1/completions", {"prompt": [5] * 3, "max_tokens": 4, "ignore_eos": True})
        self.assertEqual(server.stop(), 0)
        perf = (self.folder / "perf_log_rank_0.txt").read_text()
        for words in ("VLLM_SPYRE_USE_CB", "load model time", "warmup 1 time", "warmup 2 time", "total warmup time"):
            self.assertIn(words, perf)
        [line] = (self.folder / "request_metrics.jsonl").read_text().splitlines()
        entry = json.loads(line)
        self.assertEqual((entry["num_prompt_tokens"], entry["num_generation_tokens"]), (3, 4))
        self.assertEqual(entry["finish_reason"], 1)
        for name in ("e2e_latency", "queued_time", "prefill_time", "inference_time", "decode_time"):
            self.assertGreaterEqual(entry[f"{name}_seconds"], 0)


if __name__ == "__main__":
    unittest.main()
