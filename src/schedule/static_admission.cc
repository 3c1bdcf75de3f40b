// The words that users of warmup shapes know, and a hint after them.
#include "schedule/static_admission.h"

#include <algorithm>
#include <tuple>

#include "schedule/batch_forming.h"

namespace spyre::schedule {

namespace {

std::string text(const Shape& shape) { return text(std::span(&shape, 1)); }

// What would have fitted: a shorter answer if some shape holds the prompt, else a shorter prompt.
std::string nearest_fit(std::span<const Shape> shapes, const Demand& demand) {
  const Shape* longest_answer = nullptr;
  const Shape* longest_prompt = &shapes.front();
  for (const Shape& shape : shapes) {
    if (shape.prompt_tokens > longest_prompt->prompt_tokens) longest_prompt = &shape;
    if (!fits(shape, demand.prompt_tokens, 0)) continue;
    if (!longest_answer || shape.new_tokens > longest_answer->new_tokens) longest_answer = &shape;
  }
  if (longest_answer) {
    return fmt::format(
        "{}, with max_tokens of at most {}; lower max_tokens or raise VLLM_SPYRE_WARMUP_NEW_TOKENS",
        text(*longest_answer), longest_answer->new_tokens);
  }
  return fmt::format(
      "{}, with a prompt of at most {} tokens; shorten the prompt or raise "
      "VLLM_SPYRE_WARMUP_PROMPT_LENS",
      text(*longest_prompt), longest_prompt->prompt_tokens);
}

Status check(const Shape& shape, int64_t fewest_new_tokens) {
  if (shape.prompt_tokens < kBlockTokens || shape.prompt_tokens % kBlockTokens != 0) {
    return error(Code::kInvalidArgument,
                 "VLLM_SPYRE_WARMUP_PROMPT_LENS: wanted positive multiples of {}, found {}",
                 kBlockTokens, shape.prompt_tokens);
  }
  if (shape.new_tokens < fewest_new_tokens) {
    return error(Code::kInvalidArgument,
                 "VLLM_SPYRE_WARMUP_NEW_TOKENS: wanted at least {}, found {}", fewest_new_tokens,
                 shape.new_tokens);
  }
  if (shape.batch_size < 1) {
    return error(Code::kInvalidArgument,
                 "VLLM_SPYRE_WARMUP_BATCH_SIZES: wanted at least 1, found {}", shape.batch_size);
  }
  return {};
}

}  // namespace

Result<std::vector<Shape>> sorted_shapes(std::span<const Shape> shapes, int64_t fewest_new_tokens) {
  if (shapes.empty()) {
    return error(Code::kInvalidArgument,
                 "static batching: wanted at least one warmup shape, found none; set "
                 "VLLM_SPYRE_WARMUP_PROMPT_LENS, _NEW_TOKENS and _BATCH_SIZES");
  }
  for (const Shape& shape : shapes) SPYRE_TRY(check(shape, fewest_new_tokens));
  // Into place one by one, behind its equals: std::stable_sort's buffer is deprecated in
  // libstdc++ 12.
  const auto rank = [](const Shape& shape) {
    return std::tuple(shape.batch_size, shape.prompt_tokens);
  };
  std::vector<Shape> sorted;
  for (const Shape& shape : shapes) {
    sorted.insert(std::ranges::upper_bound(sorted, rank(shape), {}, rank), shape);
  }
  return sorted;
}

std::string text(std::span<const Shape> shapes) {
  std::string result;
  for (const Shape& shape : shapes) {
    if (!result.empty()) result += ", ";
    result += fmt::format("({},{},{})", shape.prompt_tokens, shape.new_tokens, shape.batch_size);
  }
  return result;
}

Status fits_a_shape(std::span<const Shape> shapes, const Demand& demand) {
  const int64_t sequences = most_sequences(shapes, demand.prompt_tokens, demand.max_tokens);
  if (sequences == 0) {
    return error(Code::kInvalidArgument,
                 "No applicable warmup shape exists for combination of prompt length ({} tokens) "
                 "and maximum number of output tokens to be generated ({} tokens); the shapes are "
                 "(prompt, new tokens, batch) {}; nearest fit: {}",
                 demand.prompt_tokens, demand.max_tokens, text(shapes),
                 nearest_fit(shapes, demand));
  }
  if (demand.sequences > sequences) {
    return error(Code::kInvalidArgument,
                 "{}: wanted at most {} sequences at once, the largest batch of the warmup shapes "
                 "that hold the request, found {}; the shapes are (prompt, new tokens, batch) {}; "
                 "lower it or raise VLLM_SPYRE_WARMUP_BATCH_SIZES",
                 demand.beams ? "beam_width" : "n", sequences, demand.sequences, text(shapes));
  }
  return {};
}

int64_t most_new_tokens(std::span<const Shape> shapes, int64_t prompt_tokens) {
  int64_t most = 0;
  for (const Shape& shape : shapes) {
    if (fits(shape, prompt_tokens, 0)) most = std::max(most, shape.new_tokens);
  }
  return most;
}

int64_t most_sequences(std::span<const Shape> shapes, int64_t prompt_tokens, int64_t max_tokens) {
  int64_t most = 0;
  for (const Shape& shape : shapes) {
    if (fits(shape, prompt_tokens, max_tokens)) most = std::max(most, shape.batch_size);
  }
  return most;
}

}  // namespace spyre::schedule
