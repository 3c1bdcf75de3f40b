// What every answer begins with: its id, when it was made, and the model's name.
#pragma once

#include <string>
#include <string_view>

#include "serve/openai/gate.h"

namespace spyre::serve::openai {

struct AnswerHead {
  std::string id;  // "cmpl-..."
  int64_t created_s = 0;
  std::string model;  // as the client named it, else the first served name
};

// The id ends in that of the X-Request-Id header, else of the request_id field, else in the random
// one that the exchange carries.
AnswerHead answer_head(const Visit& visit, const RequestFields& fields, std::string_view id_prefix);

}  // namespace spyre::serve::openai
