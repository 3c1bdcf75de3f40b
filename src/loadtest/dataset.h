// What is asked: prompts with the number of tokens that their answers may have. Random prompts are
// made of tokens or words that the caller found the server to know; custom ones come from a file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace spyre::loadtest {

struct Prompt {
  Json content;               // a text, a list of token ids, or a list of texts
  int64_t prompt_tokens = 0;  // 0: not known before the server says so
  int64_t output_tokens = 0;
};

struct RandomPrompts {
  int64_t count = 1000;
  int64_t prompt_tokens = 1024;
  int64_t output_tokens = 128;
  double range_ratio = 0;  // lengths from 1 - ratio to 1 + ratio of the above, evenly; below 1
  uint64_t seed = 0;
};

// Of ids drawn from `vocabulary`, which is not empty.
std::vector<Prompt> random_token_prompts(const RandomPrompts& options,
                                         std::span<const int32_t> vocabulary);
// Of short words, one per wanted token: how many tokens they are is the server's to say.
std::vector<Prompt> random_word_prompts(const RandomPrompts& options);
// The same as lists of a query and a document: a quarter of the words ask, one at least.
std::vector<Prompt> random_rerank_prompts(const RandomPrompts& options);

// A text with many different tokens, to learn ids from.
std::string_view sample_text();

// JSON lines {"prompt": TEXT or list of ids or of texts, "output_tokens": COUNT}, in their order,
// again from the first when there are fewer than `count`. output_tokens: for all lines; 0: the
// lines say. kInvalidArgument: the line that is none, or there are no lines.
Result<std::vector<Prompt>> custom_prompts(std::string_view lines, int64_t count,
                                           int64_t output_tokens);

}  // namespace spyre::loadtest
