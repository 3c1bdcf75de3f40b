#!/usr/bin/env python3
"""Search by meaning over this project's documents, with Python alone and a spyre server.

    examples/semantic_search.py [--base-url URL] [--best N] QUESTION

A passage is a paragraph with the headings above it. All passages go to the server in one request, which runs them packed."""

import argparse
import array
import base64
import json
import pathlib
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]


def passages():
    """(file, text) of every paragraph of README.md and docs/."""
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        heading = path.stem
        for block in path.read_text().split("\n\n"):
            if block.startswith("#"):
                heading = block.splitlines()[0].strip("# ")
            elif len(block.split()) > 8 and not block.startswith(("```", "|")):
                yield path.relative_to(ROOT), f"{heading}: {' '.join(block.split())}"


def embed(base_url: str, texts: list[str]) -> list[array.array]:
    body = {"input": texts, "encoding_format": "base64", "truncate_prompt_tokens": -1}
    request = urllib.request.Request(
        f"{base_url}/embeddings", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return [array.array("f", base64.b64decode(each["embedding"])) for each in json.load(answer)["data"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-url", default="http://localhost:8000/v1")
    parser.add_argument("--best", type=int, default=3)
    parser.add_argument("question")
    options = parser.parse_args()
    found = list(passages())
    question, *vectors = embed(options.base_url, [options.question, *(text for _, text in found)])
    # Vectors have length 1: the product is the cosine.
    scores = [sum(a * b for a, b in zip(question, vector, strict=True)) for vector in vectors]
    for score, (path, text) in sorted(zip(scores, found, strict=True), key=lambda each: -each[0])[: options.best]:
        print(f"{score:.2f}  {path}\n      {text[:200]}")


if __name__ == "__main__":
    main()
