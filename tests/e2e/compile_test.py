"""`spyre compile` and sendnn_compile_only: what a server needs is in the cache afterwards, whoever filled it, and what the
compiler made can be seen."""

import concurrent.futures
import json
import shutil
import subprocess
import unittest

from harness import BINARY, LLAMA, REFERENCE, clean_environment
from server import ServerTest, shapes

SHAPES = shapes("64,128", "20,8", "2,1")
GRAPHS = 4  # a prefill and a decode program of each shape
CATALOG = "pre_compiled_cache_catalog.json"


class Compile(ServerTest):
    def setUp(self):
        super().setUp()
        self.cache = self.folder / "graphs"
        self.environment = {**SHAPES, "TORCH_SENDNN_CACHE_ENABLE": "1", "TORCH_SENDNN_CACHE_DIR": str(self.cache)}

    def compile(self, *flags, env: dict | None = None, **options):
        flags = flags or ("--autotune-seconds", "0")
        return self.spyre("compile", LLAMA, *flags, env={**self.environment, **(env or {})}, **options)

    def entries(self) -> list:
        return sorted(each.name for each in self.cache.glob("*.spyre"))

    def test_a_server_finds_what_was_compiled(self):
        report = json.loads(self.compile("--format", "json", "--autotune-seconds", "0.05").stdout)
        self.assertEqual([each["source"] for each in report["graphs"]], ["compiled"] * GRAPHS)
        self.assertEqual(len(self.entries()), GRAPHS)
        again = json.loads(self.compile("--format", "json").stdout)
        self.assertEqual([each["source"] for each in again["graphs"]], ["cache"] * GRAPHS)
        server = self.serve(LLAMA, env=self.environment)
        counts = {
            name: server.metric(f"spyre:graph_{name}")
            for name in ("cache_hits_total", "cache_misses_total", "fallback_routines")
        }
        seconds = [name for name in server.metrics() if name.startswith("spyre:graph_compile_seconds")]
        server.stop()
        self.assertIn(f"compilation cache: {GRAPHS} hits, 0 misses", server.log)
        self.assertEqual(counts, {"cache_hits_total": GRAPHS, "cache_misses_total": 0, "fallback_routines": 0})
        self.assertEqual(len(seconds), GRAPHS)
        for name in seconds:
            self.assertRegex(name, 'graph="(prefill|decode)".*source="cache"')

    def test_compile_only_is_the_same_by_the_setting(self):
        done = self.spyre(
            "serve", LLAMA, env={**self.environment, "VLLM_SPYRE_DYNAMO_BACKEND": "sendnn_compile_only"}
        )
        self.assertEqual(done.stdout.count("compiled in"), GRAPHS, done.stdout)
        self.assertEqual(self.compile().stdout.count("cache hit"), GRAPHS)
        self.assert_refused(
            *("generate", LLAMA, "--prompt", "Hi"),
            env={"VLLM_SPYRE_DYNAMO_BACKEND": "sendnn_compile_only"},
            says=("sendnn_compile_only", "spyre compile"),
        )

    def test_what_was_compiled_may_be_required(self):
        required = {**self.environment, "VLLM_SPYRE_REQUIRE_PRECOMPILED_DECODERS": "1"}
        self.compile()
        data = json.loads((self.cache / CATALOG).read_text())[0]["data"]
        self.assertEqual(data["MODEL_NAME"], str(LLAMA))
        self.assertEqual(data["VLLM_SPYRE_WARMUP_PROMPT_LENS"], "128,64")
        server = self.serve(LLAMA, env=required)
        server.stop()
        self.assertEqual(server.log.count("[PRECOMPILED_WARN]"), 1, server.log)  # that it is required
        other = {**required, **shapes("64", "21", "3")}
        done = self.spyre("serve", LLAMA, "--port", "0", env=other, status=1)
        self.assertIn("doesn't match any of the pre-compiled model configurations", done.stderr)
        self.assertIn("Compilation disabled", done.stderr.splitlines()[-1])
        self.assert_refused("compile", LLAMA, env=required, says=("REQUIRE_PRECOMPILED", "leave it out"))

    def test_four_processes_share_a_folder(self):
        models = [LLAMA, LLAMA, REFERENCE / "decoders/qwen2", REFERENCE / "gguf/gguf_q4_q5/model.gguf"]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            runs = [
                pool.submit(self.spyre, "compile", model, "--autotune-seconds", "0", env=self.environment)
                for model in models
            ]
            for run in runs:
                self.assertEqual(run.result().stdout.count("\n"), GRAPHS)
        self.assertEqual(len(self.entries()), 3 * GRAPHS)
        self.assertIn(f"{3 * GRAPHS} entries", self.spyre("cache", "verify", "--cache-dir", self.cache).stdout)
        names = {each["data"]["MODEL_NAME"] for each in json.loads((self.cache / CATALOG).read_text())}
        self.assertEqual(names, {str(model) for model in models})
        for model in models:
            done = self.spyre("compile", model, env=self.environment)
            self.assertEqual(done.stdout.count("cache hit"), GRAPHS)

    def test_bad_entries_are_compiled_again(self):
        self.compile()
        first, second, third = [self.cache / name for name in self.entries()[:3]]
        content = bytearray(first.read_bytes())
        content[len(content) // 2] ^= 1
        first.write_bytes(content)
        second.write_bytes(second.read_bytes()[:-100])
        third.chmod(0o666)
        done = self.compile()
        self.assertEqual(done.stdout.count("compiled in"), 3, done.stdout)
        for words in ("damaged", "truncated", "others may write it"):
            self.assertIn(words, done.stderr)
        self.assertEqual(self.compile().stdout.count("cache hit"), GRAPHS)

    def test_a_read_only_folder_is_read(self):
        self.compile()
        self.cache.chmod(0o500)
        self.addCleanup(self.cache.chmod, 0o700)
        self.assertEqual(self.compile().stdout.count("cache hit"), GRAPHS)
        other = self.compile(env=shapes("64", "30", "3"))
        self.assertIn("compiled in", other.stdout)
        self.assertEqual(len(self.entries()), GRAPHS)

    def test_every_stage_can_be_seen(self):
        text = self.compile("--dump", "graph,passes,plan,llvm,asm").stdout
        for words in (
            "rows of 2 sequences",  # a program's name
            "= rms_norm(",  # its graph
            "--- fuse-prologues",  # a pass
            "  prologue %",  # regions
            "arena ",  # the plan
            "spyre_piece_attend_kF32",
            "define void @spyre_routine(",  # LLVM
            "spyre_routine:",  # assembly
        ):
            self.assertIn(words, text)
        self.assertEqual(len(self.entries()), GRAPHS)
        self.assert_refused("compile", LLAMA, "--dump", "grph", env=self.environment, says=("grph", "graph, passes"))

    def test_a_report_names_regions_tiles_formats_and_times(self):
        table = self.compile("--report").stdout
        for words in ("prefetch", "rms_norm prepare_f32 | matmul_f32 + matmul_f32 + matmul_f32", "F32"):
            self.assertIn(words, table)
        graphs = json.loads(self.compile("--report", "--format", "json").stdout)["graphs"]
        for graph in graphs:
            self.assertEqual(graph["source"], "cache")
            for region in graph["regions"]:
                self.assertGreater(region["ns"], 0, region)
                self.assertEqual(region["prefetch_bytes"] is None, "matmul" not in region["pieces"])

    def test_what_makes_no_sense_is_refused(self):
        self.assertIn("compiled in", self.spyre("compile", LLAMA, "--cache-dir", self.cache, env=SHAPES).stdout)
        off = {**SHAPES, "TORCH_SENDNN_CACHE_ENABLE": "0"}
        self.assert_refused("compile", LLAMA, "--cache-dir", self.cache, env=off, says=("--cache-dir", "ENABLE=0"))
        self.assert_refused("compile", LLAMA, env=SHAPES, says=("TORCH_SENDNN_CACHE_DIR", "--report"))
        self.assert_refused("compile", LLAMA, "--enforce-eager", env=self.environment, says=("eager",))
        json_and_dump = ("--dump", "plan", "--format", "json")
        self.assert_refused("compile", LLAMA, *json_and_dump, env=self.environment, says=("--dump",))

    def test_without_a_compiler_graphs_run_all_the_same(self):
        alone = self.folder / "alone"
        alone.mkdir()
        shutil.copy(BINARY, alone / "spyre")  # without spyre-compiler beside it

        def run(binary, *arguments):
            command = [binary, *map(str, arguments)]
            return subprocess.run(command, capture_output=True, text=True, env=clean_environment(**self.environment))

        done = run(alone / "spyre", "compile", LLAMA)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("not compiled"), GRAPHS)
        self.assertIn("ahead-of-time kernels", done.stderr)
        self.assertEqual(self.entries(), [])
        generate = ("generate", LLAMA, "--token-ids", "5,17,29", "--max-tokens", "8", "--temperature", "0")
        self.assertEqual(run(alone / "spyre", *generate).stdout, run(BINARY, *generate).stdout)


if __name__ == "__main__":
    unittest.main()
