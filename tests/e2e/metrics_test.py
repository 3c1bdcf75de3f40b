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
