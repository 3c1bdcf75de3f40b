"""Known configurations and precompiled decoders: what stops the start, what the log says, and that nobody who did not
ask sees any of it."""

import json
import unittest

from harness import LLAMA, REFERENCE, SpyreTest
from server import ServerTest, shapes

SHAPES = shapes("64", "20", "2")
CATALOG = "pre_compiled_cache_catalog.json"
COMPILE_LOG = "model_compile.log.json"
REQUIRE_CONFIG = "VLLM_SPYRE_REQUIRE_KNOWN_CONFIG"
REQUIRE_GRAPHS = "VLLM_SPYRE_REQUIRE_PRECOMPILED_DECODERS"
KNOWN = """
models:
  tiny/llama:
    architecture: {model_type: llama, num_hidden_layers: LAYERS}
    static_batching_configs:
      - tp_size: 1
        warmup_shapes:
          - {prompt_len: 64, new_tokens: 20, batch_size: 2}
          - {prompt_len: 128, new_tokens: 20, batch_size: 1}
    continuous_batching_configs:
      - tp_size: 1
        max_model_len: 96
        max_num_seqs: 1
        device_config:
          env_vars: {VLLM_SPYRE_MAX_LOAD_PROCESSES: 3, FLEX_HDMA_P2PSIZE: 5}
          num_gpu_blocks_override: 7
"""


class Known(ServerTest):
    def setUp(self):
        super().setUp()
        layers = json.loads((LLAMA / "config.json").read_text())["num_hidden_layers"]
        self.file = self.folder / "known.yaml"
        self.file.write_text(KNOWN.replace("LAYERS", str(layers)))
        self.environment = {"VLLM_SPYRE_MODEL_CONFIG_FILE": str(self.file)}

    def run_one(self, *flags, **more: str):
        """`generate` with a catalogue."""
        flags = flags or ("--max-model-len", "96")
        return self.spyre(
            "generate", LLAMA, "--prompt", "Hi", "--max-tokens", "1", *flags, env={**self.environment, **more}
        )

    def refused(self, *says, flags=("--max-model-len", "96"), **more: str) -> str:
        arguments = ("generate", LLAMA, "--prompt", "Hi", "--max-tokens", "1", *flags)
        return self.assert_refused(*arguments, says=says, env={**self.environment, **more})

    def test_nobody_who_did_not_ask_sees_a_line(self):
        for model in (LLAMA, REFERENCE / "gguf/gguf_f16_q8/model.gguf"):
            done = self.spyre("generate", model, "--prompt", "Hi", "--max-tokens", "1")
            for word in ("known", "PRECOMPILED"):
                self.assertNotIn(word, done.stderr)
        server = self.serve(LLAMA, env=SHAPES)
        server.stop()
        self.assertNotIn("known", server.log)
        done = self.spyre("generate", LLAMA, "--prompt", "Hi", "--max-tokens", "1", env={"VLLM_LOGGING_LEVEL": "DEBUG"})
        self.assertIn("no known configuration", done.stderr)

    def test_a_known_run_sets_what_nobody_set(self):
        log = self.run_one(**{REQUIRE_CONFIG: "1"}).stderr
        self.assertIn("known configuration: tiny/llama, tp 1, max_model_len 96, max_num_seqs 1", log)
        self.assertIn("set from it: VLLM_SPYRE_MAX_LOAD_PROCESSES=3, --num-gpu-blocks-override=7", log)
        self.assertIn("without effect here: FLEX_HDMA_P2PSIZE=5", log)

    def test_what_is_set_stays_or_stops_the_start(self):
        theirs = {"VLLM_SPYRE_MAX_LOAD_PROCESSES": "4"}
        log = self.run_one(**theirs).stderr
        self.assertIn(
            "what is set stays: VLLM_SPYRE_MAX_LOAD_PROCESSES=4, wanted VLLM_SPYRE_MAX_LOAD_PROCESSES=3", log
        )
        self.refused("differs from what is set: VLLM_SPYRE_MAX_LOAD_PROCESSES=4", **theirs, **{REQUIRE_CONFIG: "1"})
        self.refused("FLEX_HDMA_P2PSIZE=6, wanted", FLEX_HDMA_P2PSIZE="6", **{REQUIRE_CONFIG: "1"})
        self.run_one(VLLM_SPYRE_MAX_LOAD_PROCESSES="3", FLEX_HDMA_P2PSIZE="5", **{REQUIRE_CONFIG: "1"})

    def test_an_unknown_run_is_a_line_or_an_error(self):
        longer = ("--max-model-len", "97")
        said = "which knows tiny/llama: tp 1, warmup shapes (64,20,2), (128,20,1); tp 1, max_model_len 96"
        self.assertIn(said, self.run_one(*longer).stderr)
        self.refused(REQUIRE_CONFIG, "max_model_len 97", said, flags=longer, **{REQUIRE_CONFIG: "1"})
        self.environment = {}
        self.refused("is no model of the built-in catalogue", "VLLM_SPYRE_MODEL_CONFIG_FILE", **{REQUIRE_CONFIG: "1"})
        eager = {REQUIRE_CONFIG: "1", "VLLM_SPYRE_DYNAMO_BACKEND": "eager"}
        self.assertIn("has no effect with VLLM_SPYRE_DYNAMO_BACKEND=eager", self.run_one(**eager).stderr)

    def test_a_server_is_known_by_its_shapes(self):
        required = {**self.environment, REQUIRE_CONFIG: "1"}
        server = self.serve(LLAMA, env={**required, **shapes("64,128", "20,20", "2,1")})
        server.stop()
        self.assertIn("known configuration: tiny/llama, tp 1, warmup shapes", server.log)
        done = self.spyre("serve", LLAMA, "--port", "0", env={**required, **shapes("64", "20", "3")}, status=1)
        self.assertIn("(64,20,3) is not in", done.stderr)

    def test_catalogues_that_make_no_sense(self):
        self.file.write_text("models:\n  m:\n    architecture:\n      model_type: llama\n      vocab_size:\n")
        self.refused("VLLM_SPYRE_MODEL_CONFIG_FILE", "known.yaml, line 5", "'vocab_size' has no value")
        self.file.write_text("models:\n  m:\n    architecture: {model_type: llama}\n")
        self.refused("known.yaml, line 2", "at least one configuration")
        self.file.unlink()
        self.refused("VLLM_SPYRE_MODEL_CONFIG_FILE", "known.yaml", "No such file")

    def test_a_plan_names_the_memory_of_known_configurations(self):
        done = self.spyre("plan", LLAMA, "--format", "json", env={**self.environment, **SHAPES})
        known = json.loads(done.stdout)["known_configurations"]
        self.assertEqual([each["model"] for each in known], ["tiny/llama"] * 2)
        self.assertGreater(known[0]["kv_bytes"], 0)
        text = self.spyre("plan", LLAMA, env={**self.environment, **SHAPES}).stdout
        self.assertIn("tiny/llama, tp 1, max_model_len 96", text)
        card = self.spyre("plan", LLAMA, "--device", "spyre", env={**self.environment, **SHAPES}).stdout
        self.assertIn("known to run on cards: tiny/llama", card)


class Precompiled(SpyreTest):
    def environment(self, **more: str) -> dict[str, str]:
        required = {REQUIRE_GRAPHS: "1", "TORCH_SENDNN_CACHE_ENABLE": "1", "TORCH_SENDNN_CACHE_DIR": str(self.folder)}
        return {**required, **more}

    def refused(self, *says, **more: str):
        for command in (("generate", LLAMA, "--prompt", "Hi"), ("serve", LLAMA, "--port", "0")):
            self.assert_refused(*command, says=says, env=self.environment(**more))

    def plan_only(self, **more: str):
        """A server's start, which ends before any weight is read: what the log says of the catalogue."""
        flags = ("--port", "0", "--gpu-memory-utilization", "0.0000001")
        return self.spyre("serve", LLAMA, *flags, env=self.environment(**SHAPES, **more), status=1).stderr

    def entry(self, **changes) -> dict:
        data = {
            "MODEL_NAME": str(LLAMA),
            "NUM_AIUS": 1,
            "VLLM_SPYRE_WARMUP_PROMPT_LENS": "64",
            "VLLM_SPYRE_WARMUP_NEW_TOKENS": "20",
            "VLLM_SPYRE_WARMUP_BATCH_SIZES": "2",
        }
        return {"vllm_spyre_version": "0.1.0", "data": {**data, **changes}}

    def test_a_cache_without_folder_or_catalogue_stops_the_start(self):
        all_three = (REQUIRE_GRAPHS, "TORCH_SENDNN_CACHE_ENABLE", "TORCH_SENDNN_CACHE_DIR")
        self.refused(*all_three, TORCH_SENDNN_CACHE_ENABLE="0")
        self.refused(*all_three, TORCH_SENDNN_CACHE_DIR="")
        self.refused(*all_three, TORCH_SENDNN_CACHE_DIR=str(self.folder / "none"))
        self.refused(CATALOG, COMPILE_LOG, "neither")
        (self.folder / COMPILE_LOG).mkdir()
        self.refused(COMPILE_LOG, "file")
        (self.folder / CATALOG).write_text("[{")
        self.refused(CATALOG)

    def test_an_empty_catalogue_matches_nothing_and_the_start_goes_on(self):
        (self.folder / CATALOG).write_text("{}")
        log = self.plan_only()
        self.assertIn(f"[PRECOMPILED_WARN] {REQUIRE_GRAPHS}=1: DISABLE_COMPILATION is set to true", log)
        self.assertIn("doesn't match any of the pre-compiled model configurations", log)
        self.assertIn("warmup shapes (64,20,2)", log)
        self.assertIn("does not fit", log)

    def test_entries_of_this_run_and_of_others(self):
        (self.folder / COMPILE_LOG).write_text(json.dumps(self.entry(NUM_AIUS=2)))
        self.assertIn("doesn't match any", self.plan_only())
        (self.folder / CATALOG).write_text(json.dumps([{}, self.entry()]))
        log = self.plan_only()
        self.assertEqual(log.count("[PRECOMPILED_WARN]"), 1, log)
        (self.folder / CATALOG).write_text(json.dumps([{**self.entry(MODEL_NAME="x"), "vllm_spyre_version": "9"}]))
        log = self.plan_only()
        self.assertIn("compiled by version 9; this is 0.1.0", log)
        self.assertIn("compiled for model 'x'", log)

    def test_other_backends_compile_as_they_like(self):
        log = self.plan_only(VLLM_SPYRE_DYNAMO_BACKEND="eager", TORCH_SENDNN_CACHE_ENABLE="0")
        self.assertIn("has no effect with VLLM_SPYRE_DYNAMO_BACKEND=eager", log)
        self.assertNotIn("PRECOMPILED_WARN", log)


if __name__ == "__main__":
    unittest.main()
