// However the engine cuts its deltas, a stream adds up to the whole answer.
#include <random>

#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

using testing::ChoiceScript;
using testing::FakeExchange;

// What a client puts together from the chunks of a choice.
struct Gathered {
  std::string text;
  Json token_ids = Json::array();
  Json logprobs;
  Json finish_reason;
  Json stop_reason;
};

void append_all(Json& to, const Json& from) {
  if (from.is_null()) return;
  if (to.is_null()) to = Json::object();
  for (const auto& [column, values] : from.items()) {
    for (const Json& value : values) to[column].push_back(value);
  }
}

std::vector<Gathered> gather(const std::vector<Json>& events, size_t choices, bool chat) {
  std::vector<Gathered> gathered(choices);
  for (const Json& event : events) {
    for (const Json& choice : event["choices"]) {
      Gathered& one = gathered.at(choice["index"]);
      EXPECT_TRUE(one.finish_reason.is_null()) << "a chunk after the last";
      one.text += (chat ? choice["delta"]["content"] : choice["text"]).get<std::string>();
      if (choice.contains("token_ids")) {
        for (const Json& id : choice["token_ids"]) one.token_ids.push_back(id);
      }
      append_all(one.logprobs, choice["logprobs"]);
      one.finish_reason = choice["finish_reason"];
      if (choice.contains("stop_reason")) one.stop_reason = choice["stop_reason"];
    }
  }
  return gathered;
}

void expect_same(const FakeExchange& stream, const FakeExchange& whole, bool chat) {
  ASSERT_TRUE(stream.done()) << stream.body;
  const Json answer = whole.json();
  auto events = stream.events();
  EXPECT_EQ(events.back()["usage"]["completion_tokens"], answer["usage"]["completion_tokens"]);
  EXPECT_EQ(events.back()["usage"]["prompt_tokens"], answer["usage"]["prompt_tokens"]);
  const Json& choices = answer["choices"];
  const auto gathered = gather(events, choices.size(), chat);
  for (size_t i = 0; i < choices.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(Json(gathered[i].text), chat ? choices[i]["message"]["content"] : choices[i]["text"]);
    EXPECT_EQ(gathered[i].token_ids, choices[i]["token_ids"]);
    EXPECT_EQ(gathered[i].logprobs, choices[i]["logprobs"]);
    EXPECT_EQ(gathered[i].finish_reason, choices[i]["finish_reason"]);
    EXPECT_EQ(gathered[i].stop_reason, choices[i]["stop_reason"]);
  }
}

class AnswerStream : public testing::Api {
 protected:
  std::vector<ChoiceScript> random_choices(size_t count) {
    const std::vector<std::string> kTexts = {"a", "bc", "", "é", "\xF0\x9F\x98\x80", " \"x\"\n"};
    std::vector<ChoiceScript> choices(count);
    for (ChoiceScript& choice : choices) {
      const size_t tokens = 1 + random_() % 7;
      for (size_t i = 0; i < tokens; ++i) {
        choice.pieces.push_back(
            {static_cast<int32_t>(random_() % 300), kTexts[random_() % kTexts.size()]});
      }
      if (random_() % 2 == 0) {
        choice.finish_reason = sample::FinishReason::kStop;
        choice.stop_reason = static_cast<int32_t>(random_() % 300);
      }
    }
    return choices;
  }
  std::vector<size_t> random_cuts() {
    std::vector<size_t> cuts(1 + random_() % 4);
    for (size_t& cut : cuts) cut = 1 + random_() % 4;
    return cuts;
  }
  // Both forms of the same request, with the same script.
  void compare(Json body, bool chat) {
    const std::string path = chat ? "/v1/chat/completions" : "/v1/completions";
    body["return_token_ids"] = true;
    answer_with(random_choices(body["n"]), random_cuts(), random_() % 5);
    const auto whole = post(path, body);
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
    const auto stream = post(path, body);
    ASSERT_EQ(whole->status, 200) << whole->body;
    ASSERT_EQ(stream->status, 200) << stream->body;
    expect_same(*stream, *whole, chat);
  }

  std::mt19937 random_{7};
};

TEST_F(AnswerStream, CompletionsAddUp) {
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    service_.options.stream_interval = 1 + round % 3;
    Json body = {{"prompt", Json::array({{1, 2, 3}, {4}})}, {"n", 1 + round % 3}};
    if (round % 2 == 0) body["logprobs"] = round % 4;
    if (round % 5 == 0) body["echo"] = true;
    if (round % 10 == 0) body["max_tokens"] = 0;
    compare(body, false);
    if (HasFailure()) break;
  }
}

TEST_F(AnswerStream, ChatsAddUp) {
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    service_.options.stream_interval = 1 + round % 3;
    const char* role = round % 3 == 0 ? "assistant" : "user";
    Json body = {{"messages", {{{"role", role}, {"content", "Hello"}}}}, {"n", 1 + round % 3}};
    if (round % 2 == 0) body.update({{"logprobs", true}, {"top_logprobs", round % 4}});
    if (round % 3 == 0) body["echo"] = true;
    compare(body, true);
    if (HasFailure()) break;
  }
}

TEST_F(AnswerStream, ChunksWaitForTheirInterval) {
  service_.options.stream_interval = 4;
  ChoiceScript choice;
  for (int i = 0; i < 9; ++i) choice.pieces.push_back({i, "x"});
  answer_with({choice});
  const auto events = complete({{"prompt", "a"}, {"stream", true}})->events();
  std::vector<std::string> texts;
  for (const Json& event : events) texts.push_back(event["choices"][0]["text"]);
  EXPECT_EQ(texts, (std::vector<std::string>{"x", "xxxx", "xxxx"}));
}

}  // namespace
}  // namespace spyre::serve::openai
