// What the endpoints of pooling models have in common: from a body to its fields and inputs, and
// the parts of their answers.
#pragma once

#include <string_view>
#include <vector>

#include "serve/openai/answer_head.h"
#include "serve/openai/json_writer.h"
#include "serve/openai/pooling_job.h"

namespace spyre::serve::openai {

struct PoolingCall {
  Json body;
  RequestFields fields;
  AnswerHead head;
  std::string_view field;  // that inputs come in
};

// The body of a request that `taker` takes; one of kEmbed, kPool and kClassify may have messages in
// place of inputs (kPoolChat). check: whether the model is of the right kind.
ApiResult<PoolingCall> pooling_call(const Visit& visit, Taker taker,
                                    ApiStatus (*check)(const Service& service),
                                    std::string_view id_prefix);

// Its inputs, or its conversation.
ApiResult<std::vector<PoolingPrompt>> call_prompts(const Visit& visit, const PoolingCall& call);

int64_t count_tokens(const std::vector<PoolingPrompt>& prompts);

// "usage" of an answer without completions.
void write_pooling_usage(JsonWriter& writer, int64_t prompt_tokens);

// Opens an answer's object with id, object, created and model, and its list "data".
void open_list(JsonWriter& writer, const AnswerHead& head);
// Closes both, with "usage" between.
void close_list(JsonWriter& writer, int64_t prompt_tokens);

}  // namespace spyre::serve::openai
