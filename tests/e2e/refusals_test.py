"""Bad input of every kind: a failure with one clear line that names what was wrong, never a crash."""

import json
import struct
import unittest

from harness import LLAMA, REFERENCE, SpyreTest

IDS = ("--token-ids", "5,17")
GGUF = REFERENCE / "gguf/gguf_q4_q5/model.gguf"


class Commands(SpyreTest):
    def test_help_and_version(self):
        self.assertIn("generate", self.spyre("--help").stdout)
        self.assertRegex(self.spyre("--version").stdout, r"\d+\.\d+\.\d+")
        for command in ("generate", "chat", "tokenize", "detokenize", "inspect", "pull"):
            self.assertIn(command, self.spyre(command, "--help").stdout)

    def test_no_command_gives_the_usage(self):
        done = self.spyre(status=None)
        self.assertIn("spyre COMMAND", done.stdout + done.stderr)

    def test_unknown_command(self):
        self.assert_refused("generat", says=("generat",))

    def test_unknown_flag_names_the_nearest(self):
        self.assert_refused("generate", LLAMA, *IDS, "--max-token", "4", says=("--max-token", "--max-tokens"))

    def test_model_is_missing(self):
        self.assert_refused("generate", says=("MODEL",))


class Flags(SpyreTest):
    def refused(self, *arguments, says, **options):
        with self.subTest(arguments=arguments):
            self.assert_refused("generate", LLAMA, *arguments, says=says, **options)

    def test_prompts(self):
        self.refused(says=("--prompt", "--chat", "--token-ids"))
        self.refused("--prompt", "a", "--chat", "b", says=("--prompt", "--chat"))
        self.refused("--token-ids", "1,x", says=("--token-ids", "1,x"))
        self.refused("--token-ids", "", says=("--token-ids",))
        self.refused("--token-ids", "99999", says=("99999",))
        self.refused("--prompt-file", self.folder / "none.txt", says=("none.txt",))
        self.refused("--input", self.folder / "none.jsonl", says=("none.jsonl",))
        self.refused("--token-ids", ",".join(["5"] * 300), says=("256",))

    def test_values(self):
        for flag, value in (
            ("--max-tokens", "0"),
            ("--max-tokens", "many"),
            ("--max-tokens", "99999999999999999999"),
            ("--temperature", "-1"),
            ("--temperature", "nan"),
            ("--top-p", "1.5"),
            ("--top-p", "0"),
            ("--top-k", "-5"),
            ("--min-p", "2"),
            ("--repetition-penalty", "0"),
            ("--n", "0"),
            ("--logprobs", "1000"),
            ("--format", "xml"),
            ("--dtype", "int3"),
            ("--isa", "mmx"),
            ("--threads", "0"),
            ("--stop-token-ids", "a"),
        ):
            # Settings are named by flag; what only the engine can check, by the request's field.
            message = self.assert_refused("generate", LLAMA, *IDS, flag, value, says=())
            self.assertRegex(message.replace("_", "-"), flag.removeprefix("--"))

    def test_environment(self):
        self.refused(
            *IDS, env={"VLLM_SPYRE_DYNAMO_BACKEND": "magic"}, says=("VLLM_SPYRE_DYNAMO_BACKEND", "magic", "eager")
        )
        self.refused(*IDS, env={"VLLM_SPYRE_USE_CB": "true"}, says=("VLLM_SPYRE_USE_CB", "true"))
        self.refused(*IDS, env={"VLLM_SPYRE_WARMUP_PROMPT_LENS": "64,,128"}, says=("VLLM_SPYRE_WARMUP_PROMPT_LENS",))
        self.refused(*IDS, env={"VLLM_SPYRE_WARMUP_PROMPT_LENS": "65"}, says=("VLLM_SPYRE_WARMUP_PROMPT_LENS", "64"))


class Files(SpyreTest):
    def refused(self, model, *says: str):
        self.assert_refused("generate", model, *IDS, says=says)

    def test_no_such_model(self):
        self.refused(self.folder / "none", "none")
        self.assert_refused(
            "generate", "org/name", *IDS, says=("org/name",), env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(self.folder)}
        )

    def test_folder_without_config(self):
        self.refused(self.folder, "config.json")

    def test_config_is_not_json(self):
        model = self.copy_of(LLAMA)
        (model / "config.json").write_text('{"architectures": [')
        self.refused(model, "config.json")

    def test_unsupported_architecture_lists_the_supported(self):
        model = self.copy_of(LLAMA)
        config = json.loads((model / "config.json").read_text())
        config["architectures"] = ["MambaForCausalLM"]
        (model / "config.json").write_text(json.dumps(config))
        self.refused(model, "MambaForCausalLM", "LlamaForCausalLM", "OPTForCausalLM")

    def test_hostile_numbers_in_config(self):
        for field, value in (
            ("num_hidden_layers", 10**9),
            ("hidden_size", -1),
            ("num_attention_heads", 0),
            ("vocab_size", 2**62),
            ("head_dim", "twelve"),
        ):
            with self.subTest(field=field):
                model = self.folder / field
                model.mkdir()
                for file in LLAMA.iterdir():
                    (model / file.name).write_bytes(file.read_bytes())
                config = json.loads((model / "config.json").read_text())
                config[field] = value
                (model / "config.json").write_text(json.dumps(config))
                self.refused(model, field)

    def test_truncated_safetensors(self):
        model = self.copy_of(LLAMA)
        weights = model / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1000])
        self.refused(model, "model.safetensors")

    def test_missing_tensor(self):
        model = self.copy_of(LLAMA)
        weights = model / "model.safetensors"
        weights.write_bytes(weights.read_bytes().replace(b"model.norm.weight", b"model.nurm.weight"))
        self.refused(model, "model.norm.weight")

    def test_header_longer_than_the_file(self):
        model = self.copy_of(LLAMA)
        weights = model / "model.safetensors"
        weights.write_bytes(struct.pack("<Q", 2**60) + weights.read_bytes()[8:])
        self.refused(model, "model.safetensors")

    def test_truncated_and_foreign_gguf(self):
        for name, content in (
            ("short.gguf", GGUF.read_bytes()[:-500]),
            ("header.gguf", GGUF.read_bytes()[:100]),
            ("foreign.gguf", b"PK\3\4" + GGUF.read_bytes()[4:]),
            ("empty.gguf", b""),
        ):
            with self.subTest(file=name):
                file = self.folder / name
                file.write_bytes(content)
                self.refused(file, name)


class Outputs(SpyreTest):
    def test_unwritable_output(self):
        requests = self.folder / "requests.jsonl"
        requests.write_text('{"prompt_token_ids": [5], "max_tokens": 1}\n')
        self.assert_refused(
            "generate",
            LLAMA,
            "--input",
            requests,
            "--output",
            self.folder / "no/such/folder.jsonl",
            says=("--output", "folder.jsonl"),
        )


if __name__ == "__main__":
    unittest.main()
