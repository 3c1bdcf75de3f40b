#include "serve/openai/request_lines.h"

#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

engine::Request request_with_stop(std::string stop) {
  engine::Request request{.prompt = {1, 2, 3}};
  request.params.max_tokens = 7;
  request.params.stop = {std::move(stop)};
  return request;
}

TEST(RequestLines, ARequestTellsItsParametersButNotItsPrompt) {
  const std::string line = received_line("cmpl-1", request_with_stop("a\nb"));
  EXPECT_THAT(line, HasSubstr(R"(Received request "cmpl-1": prompt tokens: 3, params: n=1)"));
  EXPECT_THAT(line, HasSubstr("max_tokens=7"));
  EXPECT_THAT(line, HasSubstr("seed=None"));
  EXPECT_THAT(line, HasSubstr(R"(stop=["a\nb"])"));
}

TEST(RequestLines, NobodyForgesALine) {
  EXPECT_THAT(received_line("x\n11-25 info forged", request_with_stop("\x1b[0m")),
              Not(::testing::AnyOf(HasSubstr("\n"), HasSubstr("\x1b"))));
}

TEST(RequestLines, TextsAreCutByCharacters) {
  const engine::Completion completion{.index = 2, .token_ids = {4, 5}, .text = "h\u00e9llo"};
  EXPECT_THAT(answered_line("chatcmpl-1", completion, 2),
              HasSubstr("output: \"h\u00e9\", tokens: 2"));
  EXPECT_THAT(answered_line("chatcmpl-1", completion, 0), HasSubstr("output: \"\""));
  EXPECT_THAT(answered_line("chatcmpl-1", completion, std::nullopt),
              HasSubstr("choice 2: output: \"h\u00e9llo\""));
}

TEST(RequestLines, ThePromptIsDecoded) {
  const text::Tokenizer tokenizer = testing::fixture_tokenizer();
  EXPECT_THAT(prompt_line("cmpl-1", request_with_stop("x"), tokenizer, 0),
              HasSubstr(R"(Request "cmpl-1" details: prompt: "")"));
}

}  // namespace
}  // namespace spyre::serve::openai
