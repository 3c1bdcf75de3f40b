// What each endpoint of the API does with a request that passed the gate. Each answers by itself,
// at once or later, or returns the error to answer with.
#pragma once

#include "serve/openai/gate.h"

namespace spyre::serve::openai {

ApiStatus handle_completion(const Visit& visit);
ApiStatus handle_chat(const Visit& visit);
ApiStatus handle_embeddings(const Visit& visit);
ApiStatus handle_pooling(const Visit& visit);
ApiStatus handle_score(const Visit& visit);
ApiStatus handle_rerank(const Visit& visit);
ApiStatus handle_classify(const Visit& visit);
ApiStatus handle_tokenize(const Visit& visit);
ApiStatus handle_detokenize(const Visit& visit);
ApiStatus handle_tokenizer_info(const Visit& visit);
ApiStatus handle_models(const Visit& visit);
ApiStatus handle_model(const Visit& visit);  // the model named by the path

}  // namespace spyre::serve::openai
