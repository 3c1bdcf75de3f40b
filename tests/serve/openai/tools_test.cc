// Tool calls and thoughts in the answers of /v1/chat/completions, over a fake engine.
#include <random>

#include "serve/openai/answer.h"
#include "serve/openai/api_fixture.h"
#include "serve/openai/chat_output.h"
#include "serve/openai/parsers/output_parser.h"

namespace spyre::serve::openai {
namespace {

using testing::ChoiceScript;
using testing::FakeExchange;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

const Json kHello = Json::parse(R"([{"role": "user", "content": "Hello"}])");
const Json kTools = Json::parse(R"([{"type": "function", "function": {"name": "get_weather"}},
                                    {"type": "function", "function": {"name": "now"}}])");
constexpr std::string_view kCall =
    "<think>\nHm.\n</think>\n\nI look.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": "
    "{\"city\": \"Köln\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n"
    "</tool_call>";

// A text as tokens of so many bytes, cut between characters.
ChoiceScript script_of(std::string_view text, size_t bytes,
                       sample::FinishReason reason = sample::FinishReason::kStop) {
  ChoiceScript script{.pieces = {}, .finish_reason = reason};
  while (!text.empty()) {
    size_t end = std::min(bytes, text.size());
    while (end < text.size() && (text[end] & 0xC0) == 0x80) ++end;
    script.pieces.push_back(
        {static_cast<int32_t>(script.pieces.size()), std::string(text.substr(0, end))});
    text.remove_prefix(end);
  }
  return script;
}

// The message that a client puts together from the chunks of a stream.
struct Gathered {
  Json message = {{"role", ""}, {"content", ""}, {"reasoning", ""}, {"tool_calls", Json::array()}};
  Json finish_reason;
  size_t scores = 0;
};

void add_call(Json& calls, const Json& delta) {
  const size_t index = delta["index"];
  if (delta.contains("id")) {
    EXPECT_EQ(index, calls.size());
    EXPECT_EQ(delta["type"], "function");
    calls.push_back({{"id", delta["id"]}, {"type", "function"}, {"function", delta["function"]}});
    return;
  }
  EXPECT_FALSE(delta.contains("type") || delta["function"].contains("name"));
  Json& arguments = calls.at(index)["function"]["arguments"];
  arguments = arguments.get<std::string>() + delta["function"]["arguments"].get<std::string>();
}

std::vector<Gathered> gather(const std::vector<Json>& events, size_t choices) {
  std::vector<Gathered> gathered(choices);
  for (const Json& event : events) {
    for (const Json& choice : event["choices"]) {
      Gathered& one = gathered.at(choice["index"]);
      EXPECT_TRUE(one.finish_reason.is_null()) << "a chunk after the last";
      const Json& delta = choice["delta"];
      for (const char* part : {"role", "content", "reasoning"}) {
        if (!delta.contains(part)) continue;
        one.message[part] = one.message[part].get<std::string>() + delta[part].get<std::string>();
      }
      EXPECT_EQ(delta.contains("reasoning"), delta.contains("reasoning_content"));
      if (delta.contains("tool_calls")) {
        for (const Json& call : delta["tool_calls"]) add_call(one.message["tool_calls"], call);
      }
      if (!choice["logprobs"].is_null()) one.scores += choice["logprobs"]["content"].size();
      one.finish_reason = choice["finish_reason"];
    }
  }
  return gathered;
}

class Tools : public testing::Api {
 protected:
  Tools() {
    service_.options.tool_format = find_tool_format("hermes");
    service_.options.reasoning_format = find_reasoning_format("qwen3");
    service_.max_model_len = 4000;
  }
  std::shared_ptr<FakeExchange> say(const Json& more = Json::object()) {
    Json body = {{"messages", kHello}, {"tools", kTools}};
    body.update(more);
    return chat(body);
  }
  Json message(const Json& more = Json::object()) {
    return say(more)->json()["choices"][0]["message"];
  }
  std::string refused(const Json& more, std::string* words = nullptr) {
    Json body = {{"messages", kHello}};
    body.update(more);
    return refusal("/v1/chat/completions", body, words);
  }
};

TEST_F(Tools, AMessageHasItsParts) {
  answer_with({script_of(kCall, 5)});
  const Json choice = say()->json()["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  Json said = choice["message"];
  std::vector<std::string> keys;
  for (const auto& [key, value] : said.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"role", "content", "refusal", "annotations", "audio",
                                            "function_call", "tool_calls", "reasoning",
                                            "reasoning_content"}));
  EXPECT_EQ(said["content"], "\n\nI look.\n");
  EXPECT_EQ(said["reasoning"], "\nHm.\n");
  EXPECT_EQ(said["reasoning_content"], "\nHm.\n");
  ASSERT_EQ(said["tool_calls"].size(), 2u);
  for (Json& call : said["tool_calls"]) {
    EXPECT_THAT(call["id"].get<std::string>(), MatchesRegex("chatcmpl-tool-[0-9a-f]{32}"));
    call.erase("id");
  }
  EXPECT_EQ(said["tool_calls"], Json::parse(R"([
    {"type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Köln\"}"}},
    {"type": "function", "function": {"name": "now", "arguments": "{}"}}])"));
}

TEST_F(Tools, StreamsAddUpToTheMessage) {
  std::mt19937 random(7);
  for (size_t round = 0; round < 200 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    const size_t choices = 1 + round % 3;
    std::vector<ChoiceScript> scripts;
    for (size_t i = 0; i < choices; ++i) {
      const size_t begin = random() % 3 == 0 ? random() % 30 : 0;
      const size_t end = random() % 3 == 0 ? begin + random() % 150 : kCall.size();
      std::string text(kCall.substr(begin, end - begin));
      // Cuts through the two bytes of a character are the engine's business.
      if (!text.empty() && (text.back() & 0xC0) == 0xC0) text.pop_back();
      if (!text.empty() && (text.front() & 0xC0) == 0x80) text.erase(0, 1);
      scripts.push_back(script_of(text.empty() ? "x" : text, 1 + random() % 9));
    }
    service_.options.stream_interval = static_cast<int64_t>(1 + random() % 3);
    answer_with(scripts, {1 + random() % 4, 1 + random() % 2}, random() % 5);
    Json body = {{"n", choices}};
    if (round % 2 == 0) body["logprobs"] = true;
    if (round % 5 == 0) body["parallel_tool_calls"] = false;
    if (round % 7 == 0) body["include_reasoning"] = false;
    const Json whole = say(body)->json();
    body.update({{"stream", true}, {"stream_options", {{"include_usage", true}}}});
    const auto stream = say(body);
    ASSERT_TRUE(stream->done()) << stream->body;
    const auto events = stream->events();
    EXPECT_EQ(events.back()["usage"]["completion_tokens"], whole["usage"]["completion_tokens"]);
    auto gathered = gather(events, choices);
    for (size_t i = 0; i < choices; ++i) {
      Json wanted = whole["choices"][i]["message"];
      Json& found = gathered[i].message;
      EXPECT_EQ(found["content"], wanted["content"].is_null() ? Json("") : wanted["content"]);
      EXPECT_EQ(found["reasoning"], wanted["reasoning"].is_null() ? Json("") : wanted["reasoning"]);
      for (Json& call : found["tool_calls"]) call.erase("id");
      for (Json& call : wanted["tool_calls"]) call.erase("id");
      if (wanted["tool_calls"].is_null()) wanted["tool_calls"] = Json::array();
      EXPECT_EQ(found["tool_calls"], wanted["tool_calls"]);
      EXPECT_EQ(gathered[i].finish_reason, whole["choices"][i]["finish_reason"]);
      if (round % 2 == 0) {
        EXPECT_EQ(gathered[i].scores, scripts[i].pieces.size());
      }
    }
  }
}

TEST_F(Tools, AStreamSaysOneThingAtATime) {
  answer_with({script_of("<tool_call>{\"name\": \"now\", \"arguments\": {}}</tool_call>", 100)});
  const auto events = say({{"stream", true}})->events();
  ASSERT_EQ(events.size(), 3u);
  const Json begin = events[1]["choices"][0];
  EXPECT_EQ(begin["delta"]["tool_calls"][0]["function"],
            Json::parse(R"({"name": "now", "arguments": ""})"));
  EXPECT_TRUE(begin["finish_reason"].is_null());
  const Json end = events[2]["choices"][0];
  EXPECT_EQ(end["delta"],
            Json::parse(R"({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]})"));
  EXPECT_EQ(end["finish_reason"], "tool_calls");
}

TEST_F(Tools, AnEndWithoutTextIsAnEmptyDelta) {
  ChoiceScript script = script_of("<tool_call>{\"name\": \"now\"}", 100);
  script.pieces.push_back({9, "</tool_call>"});
  answer_with({script});
  const auto events = say({{"stream", true}})->events();
  EXPECT_EQ(events.back()["choices"][0]["delta"], Json::object());
  EXPECT_EQ(events.back()["choices"][0]["finish_reason"], "tool_calls");
}

TEST_F(Tools, ContentIsNullBesideCallsAlone) {
  answer_with({script_of("<tool_call>{\"name\": \"now\"}</tool_call>", 3)});
  EXPECT_TRUE(message()["content"].is_null());
  EXPECT_EQ(message({{"tool_choice", "none"}})["content"],
            "<tool_call>{\"name\": \"now\"}</tool_call>");
  EXPECT_FALSE(message({{"tool_choice", "none"}}).contains("tool_calls"));
}

TEST_F(Tools, AnAnswerThatWasCutOffSaysSo) {
  answer_with({script_of("<tool_call>{\"name\": \"now\", \"arguments\": {\"a\": 1", 3,
                         sample::FinishReason::kLength)});
  const Json choice = say()->json()["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "length");
  EXPECT_EQ(choice["message"]["tool_calls"][0]["function"]["arguments"], "{\"a\": 1");
}

TEST_F(Tools, OnlyTheFirstCallWithoutParallelOnes) {
  answer_with({script_of(kCall, 4)});
  EXPECT_EQ(message({{"parallel_tool_calls", false}})["tool_calls"].size(), 1u);
}

TEST_F(Tools, ThoughtsHaveTheNamesThatAreWanted) {
  answer_with({script_of("<think>a</think>b", 3)});
  EXPECT_TRUE(message({{"include_reasoning", false}})["reasoning"].is_null());
  EXPECT_EQ(message({{"include_reasoning", false}})["content"], "b");
  service_.options.reasoning_field = ReasoningField::kReasoning;
  EXPECT_EQ(message()["reasoning"], "a");
  EXPECT_FALSE(message().contains("reasoning_content"));
  service_.options.reasoning_field = ReasoningField::kReasoningContent;
  EXPECT_EQ(message()["reasoning_content"], "a");
  EXPECT_FALSE(message().contains("reasoning"));
  service_.options.reasoning_format = nullptr;
  EXPECT_EQ(message()["content"], "<think>a</think>b");
}

TEST_F(Tools, ThePromptSaysWhetherThoughtsHaveBegun) {
  service_.options.trust_request_chat_template = true;
  answer_with({script_of("a</think>b", 3)});
  const std::string source =
      "x{% if enable_thinking is defined and not enable_thinking %}<think></think>{% else %}"
      "<think>{% endif %}";
  EXPECT_EQ(message({{"chat_template", source}})["reasoning"], "a");
  const Json plain =
      message({{"chat_template", source}, {"chat_template_kwargs", {{"enable_thinking", false}}}});
  EXPECT_EQ(plain["content"], "a</think>b");
}

TEST_F(Tools, MistralHasShortIds) {
  service_.options.tool_format = find_tool_format("mistral");
  answer_with({script_of("[TOOL_CALLS][{\"name\": \"now\", \"arguments\": {}}]", 3)});
  EXPECT_THAT(message()["tool_calls"][0]["id"].get<std::string>(), MatchesRegex("[0-9a-zA-Z]{9}"));
}

TEST_F(Tools, MarksStayInTheTextAlthoughSpecialTokensAreSkipped) {
  // The fixture's tokenizer has no marks of tools; its own special tokens stand in for them.
  static constexpr ToolFormat kFormat = {.name = "test", .openers = {"<|eot_id|>"}, .bare = true};
  service_.options.tool_format = &kFormat;
  answer_with({script_of("<|eot_id|>{\"name\": \"now\"}", 3)});
  EXPECT_EQ(message()["tool_calls"].size(), 1u);
  EXPECT_EQ(params().shown_special_tokens,
            std::vector<int32_t>{tokenizer_.token_id("<|eot_id|>").value()});
  EXPECT_TRUE(params().skip_special_tokens);
  answer_with({script_of("<|eot_id|>no", 3)});
  EXPECT_EQ(message()["content"], "no");
  EXPECT_EQ(message({{"skip_special_tokens", false}})["content"], "<|eot_id|>no");
}

TEST_F(Tools, FieldsAreChecked) {
  const auto named = [](const char* name) {
    return Json{{"type", "function"}, {"function", {{"name", name}}}};
  };
  std::string words;
  EXPECT_EQ(refused({{"tools", kTools}, {"tool_choice", named("other")}}, &words),
            "400 BadRequestError tool_choice");
  EXPECT_THAT(words, HasSubstr("get_weather, now"));
  EXPECT_EQ(refused({{"tool_choice", "required"}}), "400 BadRequestError tool_choice");
  EXPECT_EQ(refused({{"tools", Json::array()}}), "400 BadRequestError tools");
}

TEST_F(Tools, ForcedCallsHaveAGrammar) {
  answer_with({script_of("[]", 1)});
  message({{"tool_choice", "required"}});
  EXPECT_NE(engine_.submitted.back().request.grammar, nullptr);
  message({{"tool_choice", "auto"}});
  EXPECT_EQ(engine_.submitted.back().request.grammar, nullptr);
}

TEST_F(Tools, ForcedCallsAreReadFromTheirJson) {
  RequestFields fields;
  fields.tools = kTools;
  fields.tool_choice = "required";
  EXPECT_EQ(chat_output(service_, fields, "")->terms.tools->format, &forced_calls_format());
  fields.tool_choice = {{"type", "function"}, {"function", {{"name", "now"}}}};
  service_.options.tool_format = nullptr;
  service_.options.reasoning_format = nullptr;
  const auto output = chat_output(service_, fields, "");
  EXPECT_EQ(output->terms.forced_call, "now");

  AnswerPlan plan{.tokenizer = tokenizer_, .id = "", .model = "", .prompts = {Prompt{}}};
  plan.output = output;
  engine::RequestOutput made;
  made.completions.push_back(
      {.text = "{\"zone\": 1}", .finish_reason = sample::FinishReason::kStop});
  const Json choice = Json::parse(chat_answer(plan)->whole({&made, 1}, {}))["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "stop");
  EXPECT_EQ(choice["message"]["tool_calls"][0]["function"],
            Json::parse(R"({"name": "now", "arguments": "{\"zone\": 1}"})"));
}

TEST_F(Tools, WithoutAParserCallsCannotBeRead) {
  service_.options.tool_format = nullptr;
  std::string words;
  EXPECT_EQ(refused({{"tools", kTools}}, &words), "400 BadRequestError tool_choice");
  EXPECT_THAT(words, HasSubstr("--tool-call-parser"));
  answer_with({script_of("x", 3)});
  EXPECT_EQ(message({{"tool_choice", "none"}})["content"], "x");
}

}  // namespace
}  // namespace spyre::serve::openai
