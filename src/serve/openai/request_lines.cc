#include "serve/openai/request_lines.h"

#include <fmt/ranges.h>

#include "sample/finish.h"
#include "sample/params.h"

namespace spyre::serve::openai {

namespace {

// The first `longest` characters (code points) of valid UTF-8, quoted.
std::string quoted(std::string_view text, std::optional<int64_t> longest) {
  size_t bytes = 0;
  int64_t characters = 0;
  for (; bytes < text.size(); ++bytes) {
    const bool begins_one = (static_cast<unsigned char>(text[bytes]) & 0xc0) != 0x80;
    if (begins_one && longest && ++characters > *longest) break;
  }
  return fmt::format("{:?}", text.substr(0, bytes));
}

}  // namespace

std::string received_line(std::string_view id, const engine::Request& request) {
  if (request.pooling) {
    return fmt::format("Received request {:?}: prompt tokens: {}, pooling", id,
                       request.prompt.size());
  }
  const sample::SamplingParams& params = request.params;
  const std::string seed = params.seed ? fmt::format("{}", *params.seed) : "None";
  return fmt::format(
      "Received request {:?}: prompt tokens: {}, params: n={}, max_tokens={}, min_tokens={}, "
      "temperature={}, top_p={}, top_k={}, min_p={}, presence_penalty={}, frequency_penalty={}, "
      "repetition_penalty={}, seed={}, ignore_eos={}, stop={}, stop_token_ids={}",
      id, request.prompt.size(), params.n, params.max_tokens, params.min_tokens, params.temperature,
      params.top_p, params.top_k, params.min_p, params.presence_penalty, params.frequency_penalty,
      params.repetition_penalty, seed, params.ignore_eos, params.stop, params.stop_token_ids);
}

std::string prompt_line(std::string_view id, const engine::Request& request,
                        const text::Tokenizer& tokenizer, std::optional<int64_t> longest) {
  const auto text = tokenizer.decode(request.prompt, false);
  return fmt::format("Request {:?} details: prompt: {}", id,
                     quoted(text ? *text : std::string(), longest));
}

std::string answered_line(std::string_view id, const engine::Completion& completion,
                          std::optional<int64_t> longest) {
  return fmt::format(
      "Generated response {:?}, choice {}: output: {}, tokens: {}, "
      "finish_reason: {}",
      id, completion.index, quoted(completion.text, longest), completion.token_ids.size(),
      sample::name(completion.finish_reason));
}

}  // namespace spyre::serve::openai
