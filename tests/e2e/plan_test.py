"""`spyre plan`: the memory of this machine and of a card, before anything is loaded."""

import json
import unittest

from harness import LLAMA, REFERENCE, SpyreTest

SHAPES = {
    "VLLM_SPYRE_WARMUP_PROMPT_LENS": "128,64",
    "VLLM_SPYRE_WARMUP_NEW_TOKENS": "20,30",
    "VLLM_SPYRE_WARMUP_BATCH_SIZES": "1,4",
}


class Plan(SpyreTest):
    def plan(self, *arguments, **options) -> dict:
        return json.loads(self.spyre("plan", *arguments, "--format", "json", **options).stdout)

    def test_given_shapes_decide_the_limits(self):
        plan = self.plan(LLAMA, "--max-model-len", "96", env=SHAPES)
        self.assertEqual(plan["shapes"], [[128, 20, 1], [64, 30, 4]])
        self.assertFalse(plan["shapes_planned"])
        self.assertEqual((plan["max_model_len"], plan["max_num_seqs"]), (148, 4))
        self.assertTrue(plan["fits"])
        self.assertEqual(plan["total_bytes"], sum(part["bytes"] for part in plan["parts"]))

    def test_without_shapes_a_ladder_is_planned(self):
        plan = self.plan(LLAMA, "--max-model-len", "256", "--max-num-seqs", "3")
        self.assertEqual(plan["shapes"], [[64, 192, 3], [128, 128, 3], [192, 64, 3]])
        self.assertTrue(plan["shapes_planned"])

    def test_the_table_names_parts_shapes_and_verdict(self):
        text = self.spyre("plan", LLAMA, env=SHAPES).stdout
        for words in ("(128,20,1), (64,30,4)", "weights", "KV cache", "activations", "total", "fits: "):
            self.assertIn(words, text)

    def test_no_weights_are_read(self):
        folder = self.folder / "model"
        folder.mkdir()
        (folder / "config.json").write_bytes((LLAMA / "config.json").read_bytes())
        plan = self.plan(folder, "--load-format", "dummy", env=SHAPES)
        real = self.plan(LLAMA, env=SHAPES)
        self.assertEqual(plan["parts"], real["parts"])

    def test_what_does_not_fit_is_status_1_with_the_setting_to_change(self):
        crowd = {**SHAPES, "VLLM_SPYRE_WARMUP_BATCH_SIZES": "1,1000000"}
        done = self.spyre("plan", LLAMA, env=crowd, status=1)
        self.assertIn("does not fit", done.stdout)
        self.assertIn("VLLM_SPYRE_WARMUP_BATCH_SIZES", done.stdout)
        done = self.spyre("plan", LLAMA, "--kv-cache-memory-bytes", "1k", "--format", "json", env=SHAPES, status=1)
        self.assertIn("--kv-cache-memory-bytes", json.loads(done.stdout)["verdict"])

    def test_shapes_that_the_model_cannot_hold_are_refused(self):
        done = self.spyre("plan", LLAMA, env={"VLLM_SPYRE_WARMUP_PROMPT_LENS": "65536"}, status=1)
        self.assertIn("VLLM_SPYRE_WARMUP_PROMPT_LENS", done.stderr)

    def test_a_card(self):
        plan = self.plan(LLAMA, "--device", "spyre", env=SHAPES)
        self.assertEqual((plan["device"], plan["verdict"]), ("spyre", "fits"))
        text = self.spyre("plan", LLAMA, "--device", "spyre", env=SHAPES).stdout
        self.assertIn("a card of 128 GB: fits", text)

    def test_several_cards_share_the_weights(self):
        one, two = (self.plan(LLAMA, "--device", "spyre", "-tp", cards, env=SHAPES) for cards in ("1", "2"))
        weights = [sum(part["bytes"] for part in plan["parts"] if "weights" in part["name"]) for plan in (one, two)]
        self.assertLess(weights[1], weights[0])

    def test_only_plans_know_cards_and_more_than_one_process(self):
        done = self.spyre("serve", LLAMA, "--port", "0", "--device", "spyre", env=SHAPES, status=1)
        self.assertIn("spyre plan", done.stderr)
        done = self.spyre("serve", LLAMA, "--port", "0", "-tp", "2", env=SHAPES, status=1)
        self.assertIn("--tensor-parallel-size", done.stderr)

    def test_every_container(self):
        for model in ("quantised/gptq", "quantised/awq", "gguf/gguf_kquant/model.gguf", "decoders/granite_moe"):
            with self.subTest(model=model):
                self.assertTrue(self.plan(REFERENCE / model, "--max-model-len", "128")["fits"])


if __name__ == "__main__":
    unittest.main()
