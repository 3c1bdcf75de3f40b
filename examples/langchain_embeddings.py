#!/usr/bin/env python3
"""LangChain's embeddings over a spyre server, and a search in its store of vectors.

    examples/langchain_embeddings.py [--base-url URL] [QUESTION]
"""

import argparse

from langchain_core.vectorstores import InMemoryVectorStore
from langchain_openai import OpenAIEmbeddings

TEXTS = [
    "Static batching compiles a graph for each shape before the first request.",
    "A cat sits on the mat.",
    "Continuous batching lets requests join and leave the running batch.",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base-url", default="http://localhost:8000/v1")
    parser.add_argument("question", nargs="?", default="How are graphs made?")
    options = parser.parse_args()
    # The client would cut texts into the tokens of OpenAI's own models.
    embeddings = OpenAIEmbeddings(
        base_url=options.base_url, api_key="none", model="", check_embedding_ctx_length=False
    )
    store = InMemoryVectorStore.from_texts(TEXTS, embeddings)
    for document, score in store.similarity_search_with_score(options.question, k=len(TEXTS)):
        print(f"{score:5.2f}  {document.page_content}")


if __name__ == "__main__":
    main()
