"""Continuous batching from outside: every mode and backend answers as a single run does; the trace of the worked
examples; prefix caching, pausing, priority; what is refused."""

import concurrent.futures
import json
import time
import unittest

from harness import LLAMA
from server import ServerTest

CB = {"VLLM_SPYRE_USE_CB": "1"}
SEED = {**CB, "VLLM_SPYRE_ENABLE_PREFILL_OPTIMIZATION": "0", "VLLM_SPYRE_RM_PADDED_BLOCKS": "0"}
CHUNKED = {**CB, "VLLM_SPYRE_USE_CHUNKED_PREFILL": "1"}
# mode: environment, flags.
MODES = {
    "seed": (SEED, ()),
    "legacy": (CB, ()),
    "chunked": (CHUNKED, ("--max-num-batched-tokens", 64)),
    "mixed": ({}, ("--scheduler", "mixed", "--max-num-batched-tokens", 48)),
}
LIMITS = ("--max-num-seqs", 3, "--max-model-len", 256)
BACKENDS = ("eager", "inductor", "sendnn", "sendnn_decoder")


def request(index: int, **more) -> dict:
    tokens = 5 + 31 * index % 120
    return {
        "prompt": [3 + (index % 3 * 17 + position * 7) % 300 for position in range(tokens)],
        "max_tokens": 3 + 5 * index % 17,
        "temperature": 0 if index % 2 else 0.9,
        "seed": index,
        "ignore_eos": True,
        "logprobs": 1,
        "return_token_ids": True,
        **more,
    }


class Answers(ServerTest):
    def assert_empty(self, server):
        """Nothing runs and no block is held, from the step after the last answer on."""
        end = time.monotonic() + 10
        while server.metric("vllm:kv_cache_usage_perc") > 0 and time.monotonic() < end:
            time.sleep(0.01)
        for name in ("vllm:kv_cache_usage_perc", "vllm:num_requests_running", "sendnn:decode_batch"):
            self.assertEqual(server.metric(name), 0, name)

    def together(self, server, requests):
        with concurrent.futures.ThreadPoolExecutor(len(requests)) as pool:
            answers = list(pool.map(lambda each: server.post("/v1/completions", each), requests))
        return [answer["choices"] for answer in answers]

    def test_every_mode_and_backend_gives_the_answers_of_single_runs(self):
        requests = [request(i) for i in range(10)]
        requests.append(request(4, n=3, temperature=0.8))
        static = self.serve(LLAMA, env={"VLLM_SPYRE_DYNAMO_BACKEND": "eager"})
        alone = [static.post("/v1/completions", each)["choices"] for each in requests]
        static.kill()
        for backend in BACKENDS:
            for mode, (env, flags) in MODES.items():
                with self.subTest(mode=mode, backend=backend):
                    server = self.serve(LLAMA, *LIMITS, *flags, env={**env, "VLLM_SPYRE_DYNAMO_BACKEND": backend})
                    self.assertIn("continuous batching", server.log)
                    self.assertIn("Maximum concurrency for 256 tokens per request", server.log)
                    self.assertEqual(self.together(server, requests), alone)
                    self.assert_empty(server)
                    self.assertEqual(server.stop(), 0)

    def test_a_stream_that_is_cut_frees_its_blocks(self):
        server = self.serve(LLAMA, *LIMITS, *MODES["mixed"][1])
        stream = server.stream("/v1/completions", request(2, max_tokens=200))
        next(stream)
        stream.close()
        server.post("/v1/completions", request(1))
        self.assert_empty(server)


class Traces(ServerTest):
    """tkv, running and outputs before each step, and blocks in use and reserved."""

    def rows(self, requests, *flags, env, model=None):
        trace = self.folder / "trace.jsonl"
        lines = [{"id": str(i), "prompt_tokens": p, "max_tokens": m} for i, (p, m) in enumerate(requests)]
        trace.write_text("".join(json.dumps(line) + "\n" for line in lines))
        target = [model] if model else ["--schedule-only"]
        done = self.spyre("replay", "--trace", trace, *target, *flags, env=env)
        _, *rows, results = map(json.loads, done.stdout.splitlines())
        shown = [
            (
                row["tkv"],
                " ".join(row["running"]),
                " ".join(row["outputs"]),
                row["blocks_used"],
                row["blocks_reserved"],
            )
            for row in rows
        ]
        return shown, rows, results["results"]

    def test_chunked_prefill(self):
        flags = ("--max-num-seqs", 3, "--max-model-len", 512, "--max-num-batched-tokens", 128)
        shown, *_ = self.rows([(20, 6), (200, 3)], *flags, env=CHUNKED)
        self.assertEqual(
            shown,
            [
                (0, "", "", 0, 0),
                (20, "0", "0", 1, 0),
                (21, "0", "0", 1, 0),
                (200, "1 0", "", 3, 2),
                (22, "0 1", "0", 3, 2),
                (200, "1 0", "1", 5, 0),
                (215, "1 0", "1 0", 5, 0),
                (216, "0", "1 0", 1, 0),
                (25, "", "0", 0, 0),
                (0, "", "", 0, 0),
            ],
        )

    def test_legacy_and_seed(self):
        flags = ("--max-num-seqs", 2, "--max-model-len", 256)
        requests = [(30, 5), (100, 4), (20, 3)]
        legacy, *_ = self.rows(requests, *flags, env=CB)
        self.assertEqual([row[0] for row in legacy], [0, 64, 128, 129, 130, 131, 67, 68, 69, 0])
        self.assertEqual(
            [row[1:3] for row in legacy[5:9]], [("0", "1 0"), ("2 0", "2"), ("2", "2 0"), ("", "2")]
        )
        seed, *_ = self.rows(requests, *flags, env=SEED)
        self.assertEqual([row[0] for row in seed], [0, 64, 65, 66, 67, 68, 128, 128, 129, 130, 131, 0])
        self.assertEqual([row[1:3] for row in seed[6:8]], [("1", "1"), ("2 1", "2")])

    def test_shared_blocks_in_the_tables(self):
        trace = self.folder / "twice.jsonl"
        ids = [5 + i % 200 for i in range(320)]
        lines = [{"id": name, "prompt_token_ids": ids, "max_tokens": 2} for name in "ab"]
        trace.write_text("".join(json.dumps(line) + "\n" for line in lines))
        flags = ("--max-num-seqs", 2, "--max-model-len", 512, "--max-num-batched-tokens", 128)
        env = {**CHUNKED, "VLLM_SPYRE_CP_INTERLEAVE_STEPS": "0"}
        done = self.spyre("replay", "--trace", trace, "--schedule-only", *flags, env=env)
        _, *rows, _ = map(json.loads, done.stdout.splitlines())
        self.assertEqual(rows[3]["block_tables"], {"a": [1, 2, 3, 4, 5]})
        self.assertEqual(rows[4]["block_tables"], {"a": [1, 2, 3, 4, 5], "b": [1, 2, 3, 4, 6]})
        self.assertEqual(rows[4]["outputs"], ["b"])

    def test_a_model_takes_the_steps_of_the_schedule(self):
        requests = [(30, 9), (100, 14), (20, 3), (70, 30), (9, 40)]
        for mode, (env, flags) in MODES.items():
            with self.subTest(mode):
                alone, rows, _ = self.rows(requests, *LIMITS, *flags, env=env)
                shown, with_model, results = self.rows(requests, *LIMITS, *flags, env=env, model=LLAMA)
                self.assertEqual(shown, alone)
                tables = [row["block_tables"] for row in rows]
                self.assertEqual([row["block_tables"] for row in with_model], tables)
                self.assertEqual([len(results[str(i)]["token_ids"]) for i in range(5)], [9, 14, 3, 30, 40])


class PrefixCaching(ServerTest):
    def test_a_repeated_prompt_is_found_and_counted_exactly(self):
        # 150 tokens: 2 full blocks; chunks of 64: 3, the last of which is always computed.
        repeated = {"prompt": [5 + i % 200 for i in range(150)], "max_tokens": 4, "temperature": 0}
        for mode, hits in (("chunked", 128), ("mixed", 128)):
            env, flags = MODES[mode]
            with self.subTest(mode=mode):
                server = self.serve(LLAMA, *LIMITS, *flags, "--enable-prompt-tokens-details", env=env)
                answers = [server.post("/v1/completions", repeated) for _ in range(3)]
                self.assertEqual(len({answer["choices"][0]["text"] for answer in answers}), 1)
                cached = [answer["usage"]["prompt_tokens_details"]["cached_tokens"] for answer in answers]
                self.assertEqual(cached, [0, hits, hits])
                self.assertEqual(server.metric("vllm:prefix_cache_queries_total"), 450)
                self.assertEqual(server.metric("vllm:prefix_cache_hits_total"), 2 * hits)
                self.assertEqual(server.metric("vllm:prompt_tokens_by_source_total", source="local_cache_hit"), 2 * hits)
                pool = server.get_json("/spyre/state")["pool"]
                self.assertEqual((pool["prefix_queries"], pool["prefix_hits"], pool["rows"]), (450, 2 * hits, 3))
                # Another salt shares nothing; who wants its prompt scored needs all of it.
                server.post("/v1/completions", {**repeated, "cache_salt": "mine"})
                server.post("/v1/completions", {**repeated, "prompt_logprobs": 1})
                self.assertEqual(server.metric("vllm:prefix_cache_hits_total"), 2 * hits)
                server.kill()

    def test_it_can_be_switched_off(self):
        env, flags = MODES["chunked"]
        server = self.serve(LLAMA, *LIMITS, *flags, "--no-enable-prefix-caching", env=env)
        for _ in range(2):
            server.post("/v1/completions", {"prompt": [7] * 150, "max_tokens": 2})
        self.assertEqual(server.metric("vllm:prefix_cache_hits_total"), 0)


class Limits(ServerTest):
    def test_rows_take_turns_at_the_volume_limit(self):
        env = {**CHUNKED, "VLLM_DT_MAX_BATCH_TKV_LIMIT": "256"}
        server = self.serve(LLAMA, *LIMITS, env=env)
        # Its choices are requests of their own, which arrive together.
        body = {"prompt": [9] * 120, "max_tokens": 40, "seed": 1, "n": 2, "ignore_eos": True}
        answer = server.post("/v1/completions", body)
        roomy = self.serve(LLAMA, *LIMITS, env=CHUNKED)
        self.assertEqual(answer["choices"], roomy.post("/v1/completions", body)["choices"])
        self.assertGreaterEqual(server.metric("sendnn:pause_events_total"), 1)
        self.assertEqual(
            server.metric("sendnn:pause_events_total"), server.metric("sendnn:resume_events_total")
        )
        self.assertEqual(server.metric("sendnn:paused"), 0)

    def test_who_gives_way_is_computed_again(self):
        server = self.serve(
            LLAMA, *LIMITS, "--scheduler", "mixed", "--num-gpu-blocks-override", 4, "--no-enable-prefix-caching"
        )
        body = {"prompt": [9] * 60, "max_tokens": 150, "seed": 1, "n": 3, "ignore_eos": True}
        answer = server.post("/v1/completions", body)
        roomy = self.serve(LLAMA, *LIMITS, "--scheduler", "mixed")
        self.assertEqual(answer["choices"], roomy.post("/v1/completions", body)["choices"])
        self.assertGreaterEqual(server.metric("vllm:num_preemptions_total"), 1)

    def test_a_request_that_can_never_run_is_refused_with_its_numbers(self):
        server = self.serve(LLAMA, *LIMITS, env=CB)
        answer = server.post("/v1/completions", {"prompt": [9] * 70, "max_tokens": 180}, 400)
        for number in ("70", "128", "180", "256"):
            self.assertIn(number, answer["error"]["message"])

    def test_priority_needs_its_policy(self):
        body = {"prompt": [9], "max_tokens": 1, "priority": 3}
        server = self.serve(LLAMA, *LIMITS, "--scheduler", "mixed", "--scheduling-policy", "priority")
        server.post("/v1/completions", body)
        server.kill()
        server = self.serve(LLAMA, *LIMITS, "--scheduler", "mixed")
        self.assertIn("--scheduling-policy", server.post("/v1/completions", body, 400)["error"]["message"])

    def test_starts_that_make_no_sense(self):
        for env, flags, words in (
            ({**CB, "VLLM_USE_V1": "0"}, (), "VLLM_USE_V1=0"),
            ({"VLLM_SPYRE_USE_CHUNKED_PREFILL": "1"}, (), "cannot use chunked prefill without continuous batching"),
            (CB, ("--enable-prefix-caching",), "cannot use prefix caching without chunked prefill"),
            (CHUNKED, ("--max-num-batched-tokens", 100), "divisible by the block size (64)"),
            ({**CHUNKED, "VLLM_DT_CHUNK_LEN": "x"}, (), "VLLM_DT_CHUNK_LEN"),
            ({**CB, "VLLM_DT_MAX_BATCH_TKV_LIMIT": "100"}, (), "VLLM_DT_MAX_BATCH_TKV_LIMIT"),
            (CB, ("--num-gpu-blocks-override", 3), "not enough"),
            (SEED, ("--num-gpu-blocks-override", 8), "VLLM_SPYRE_ENABLE_PREFILL_OPTIMIZATION=0"),
            ({}, ("--scheduler", "mixed", "--max-num-batched-tokens", 2), "--max-num-batched-tokens"),
            (CB, ("--speculative-config", '{"method": "ngram"}'), "--speculative-config"),
        ):
            with self.subTest(words):
                done = self.spyre("serve", LLAMA, *LIMITS, *flags, env=env, status=1)
                self.assertIn(words, done.stderr)


class Plans(ServerTest):
    def test_the_plan_has_the_pool_and_the_volume_limit(self):
        for mode, (env, flags) in MODES.items():
            with self.subTest(mode):
                done = self.spyre("plan", LLAMA, *LIMITS, *flags, "--format", "json", env=env)
                plan = json.loads(done.stdout)
                self.assertEqual(plan["mode"], mode)
                # Of whole rows, the block that is nobody's among them.
                self.assertEqual(plan["usable_blocks"], 14 if mode == "legacy" else 12)
                self.assertEqual(plan["kv_blocks"], plan["usable_blocks"] + 1)
                self.assertEqual(plan["volume_limit"], 768)

    def test_graphs_are_compiled_beforehand(self):
        env = {**CHUNKED, "TORCH_SENDNN_CACHE_ENABLE": "1", "TORCH_SENDNN_CACHE_DIR": str(self.folder / "graphs")}
        (self.folder / "graphs").mkdir()
        self.spyre("compile", LLAMA, *LIMITS, env=env)
        server = self.serve(LLAMA, *LIMITS, env=env)
        self.assertGreater(server.metric("spyre:graph_cache_hits_total"), 0)
        self.assertEqual(server.metric("spyre:graph_cache_misses_total"), 0)


if __name__ == "__main__":
    unittest.main()
