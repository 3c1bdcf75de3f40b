// The API over a fake engine, with the tokenizer and the template of a reference model.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "serve/openai/fake_engine.h"
#include "serve/openai/fake_exchange.h"
#include "serve/openai/routes.h"

namespace spyre::serve::openai::testing {

text::Tokenizer fixture_tokenizer();
std::optional<text::ChatTemplate> fixture_template();

class Api : public ::testing::Test {
 protected:
  Api();

  // Asks a route; the answer may come later.
  std::shared_ptr<FakeExchange> ask(const std::string& method, const std::string& path,
                                    std::string body = "", http::Headers headers = {});
  std::shared_ptr<FakeExchange> post(const std::string& path, const Json& body);
  std::shared_ptr<FakeExchange> complete(const Json& body) { return post("/v1/completions", body); }
  std::shared_ptr<FakeExchange> chat(const Json& body) {
    return post("/v1/chat/completions", body);
  }
  // "<status> <type> <param>" of a refused body, and its message.
  std::string refusal(const std::string& path, const Json& body, std::string* message = nullptr);

  // Has the engine play this for each request that comes.
  void answer_with(std::vector<ChoiceScript> choices, std::vector<size_t> cuts = {},
                   size_t lag = 0);
  // The model pools from now on; the engine answers each input with this function of its request.
  using Pool = std::function<std::vector<float>(const engine::Request& request)>;
  void pool_with(PoolingModel model, Pool pool);
  const sample::SamplingParams& params(size_t request = 0) const {
    return engine_.submitted.at(request).request.params;
  }

  const text::Tokenizer tokenizer_;
  const std::optional<text::ChatTemplate> template_;
  FakeEngine engine_;
  text::GrammarCompiler grammars_;
  Service service_;
  Lifecycle lifecycle_;
  std::atomic<int64_t> in_flight_ = 0;
  bool has_service_ = true;
  std::vector<http::Route> routes_;
};

// "ab" and "c" with ids 4 and 5, at their longest.
ChoiceScript two_tokens();

}  // namespace spyre::serve::openai::testing
