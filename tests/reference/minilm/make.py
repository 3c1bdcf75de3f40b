#!/usr/bin/env python3
"""What the reference makes of twelve texts with all-MiniLM-L6-v2 (scripts/minilm_model fetches it): token ids of its own
tokenizer, and the mean of the last hidden states scaled to length 1, float32, one thread, rounded to six digits.

    PYTHON tests/reference/minilm/make.py [MODEL]        writes expected.json beside this file

Needs torch and transformers; expected.json says which versions made it. Each text is run alone; a padded batch of all
gave the same within the difference that stands there.
"""

import json
import pathlib
import subprocess
import sys

import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent
LONG = (
    "A server that answers many people at once has to decide whom to serve next. Some ask for a word, some for a page, "
    "and nobody likes to wait. When requests come together they can share the work of reading the weights, which is "
    "most of what a small machine does; when they come alone there is nobody to share with. "
)
TEXTS = [
    "A",
    "Hello, world!",
    "The cat sits on the warm mat.",
    "A kitten is lying on a heated rug.",
    "Quarterly revenue grew by 12.5% to $3,400,000.",
    "How do I list the files of a folder, newest first?",
    "ls -lt | head -n 20   # newest first",
    "ÜBERGRÖSSE naïve café: crème brûlée — “quoted” … ½",
    "東京は日本の首都です。 Tokyo is the capital. Москва 🙂",
    "donaudampfschifffahrtsgesellschaft antidisestablishmentarianism x9f8e7d6c5b4a",
    LONG,
    LONG * 3,
]


def embed(model, rows: list[list[int]]) -> torch.Tensor:
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    with torch.inference_mode():
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).float()
    return torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1)


def main() -> None:
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    asked = sys.argv[1:] or subprocess.run(
        [HERE.parents[2] / "scripts/minilm_model"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.splitlines()
    tokenizer = transformers.AutoTokenizer.from_pretrained(asked[0])
    model = transformers.AutoModel.from_pretrained(asked[0], dtype=torch.float32, attn_implementation="eager").eval()
    rows = [tokenizer(text)["input_ids"] for text in TEXTS]
    alone = torch.cat([embed(model, [row]) for row in rows])
    items = [
        {"text": text, "ids": ids, "embedding": [round(value, 6) for value in values]}
        for text, ids, values in zip(TEXTS, rows, alone.tolist(), strict=True)
    ]
    heading = {
        "model": "all-MiniLM-L6-v2",
        "made_with": f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}",
        "batch_max_abs_diff": (embed(model, rows) - alone).abs().max().item(),
    }
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    text = json.dumps(heading)[:-1] + f', "items": [\n{lines}\n]}}\n'
    (HERE / "expected.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
