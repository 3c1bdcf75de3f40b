#!/usr/bin/env python3
"""Vectors by the OpenAI client, and how alike texts are.

    examples/openai_embeddings.py [--base-url URL] [TEXT ...]
"""

import argparse

import openai

TEXTS = ["A cat sits on the mat.", "A kitten rests on a rug.", "Revenue rose by four percent."]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-url", default="http://localhost:8000/v1")
    parser.add_argument("texts", nargs="*", default=TEXTS)
    options = parser.parse_args()
    client = openai.OpenAI(base_url=options.base_url, api_key="none")
    model = client.models.list().data[0].id
    vectors = [each.embedding for each in client.embeddings.create(model=model, input=options.texts).data]
    for text, vector in zip(options.texts, vectors, strict=True):
        # Vectors have length 1: the product is the cosine.
        alike = " ".join(f"{sum(a * b for a, b in zip(vector, other, strict=True)):5.2f}" for other in vectors)
        print(f"{alike}  {text}")


if __name__ == "__main__":
    main()
