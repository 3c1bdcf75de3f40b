// The answer that holds vectors: those of /v1/embeddings and of /pooling.
#pragma once

#include <string_view>

#include "serve/openai/pooling_call.h"
#include "serve/openai/vector_form.h"

namespace spyre::serve::openai {

struct VectorAnswer {
  AnswerHead head;
  std::string_view object;  // of each vector; a literal
  std::string_view key;     // under which its numbers stand; a literal
  VectorForm form;
  int64_t prompt_tokens = 0;
};

// vectors: as they are to be answered.
http::Response word_vectors(const VectorAnswer& answer, PooledVectors vectors);

}  // namespace spyre::serve::openai
