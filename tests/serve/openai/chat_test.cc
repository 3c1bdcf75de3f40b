// /v1/chat/completions over a fake engine.
#include "serve/openai/api_fixture.h"
#include "serve/openai/prompts.h"

namespace spyre::serve::openai {
namespace {

using ::testing::HasSubstr;
using testing::two_tokens;

const Json kHello = Json::parse(R"([{"role": "user", "content": "Hello"}])");

class Chat : public testing::Api {
 protected:
  std::shared_ptr<testing::FakeExchange> say(const Json& more = Json::object()) {
    Json body = {{"messages", kHello}};
    body.update(more);
    return chat(body);
  }
  std::string refused(const Json& more, std::string* message = nullptr) {
    Json body = {{"messages", kHello}};
    body.update(more);
    return refusal("/v1/chat/completions", body, message);
  }
  std::string prompt(size_t request = 0) const {
    return tokenizer_.decode(engine_.submitted.at(request).request.prompt, false).value();
  }
};

TEST_F(Chat, AnswerHasEveryFieldInItsPlace) {
  answer_with({{.pieces = {{4, "ab"}, {5, "c"}},
                .finish_reason = sample::FinishReason::kStop,
                .stop_reason = 5}});
  const auto exchange = say();
  const auto prompt_tokens = engine_.submitted[0].request.prompt.size();
  EXPECT_EQ(exchange->body,
            R"({"id":"chatcmpl-0123","object":"chat.completion","created":2000,"model":"tiny",)"
            R"("choices":[{"index":0,"message":{"role":"assistant","content":"abc","refusal":null,)"
            R"("annotations":null,"audio":null,"function_call":null,"reasoning":null,)"
            R"("reasoning_content":null},"logprobs":null,"finish_reason":"stop","stop_reason":5,)"
            R"("token_ids":null,"routed_experts":null}],"service_tier":null,)" +
                fmt::format(R"("system_fingerprint":"spyre-test","usage":{{"prompt_tokens":{},)"
                            R"("total_tokens":{},"completion_tokens":2,)",
                            prompt_tokens, prompt_tokens + 2) +
                R"("prompt_tokens_details":null,"completion_tokens_details":null},)"
                R"("prompt_logprobs":null,"prompt_token_ids":null,"prompt_text":null,)"
                R"("kv_transfer_params":null,"ec_transfer_params":null,"metrics":null})");
}

TEST_F(Chat, StreamBeginsWithTheRole) {
  answer_with({two_tokens()});
  const auto exchange = say({{"stream", true}});
  const std::string head = R"(data: {"id":"chatcmpl-0123","object":"chat.completion.chunk",)"
                           R"("created":2000,"model":"tiny","choices":[)";
  EXPECT_EQ(exchange->body,
            head + R"({"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,)" +
                R"("finish_reason":null}]})" + "\n\n" + head +
                R"({"index":0,"delta":{"content":"ab"},"logprobs":null,"finish_reason":null}]})" +
                "\n\n" + head +
                R"({"index":0,"delta":{"content":"c"},"logprobs":null,"finish_reason":"length",)" +
                R"("stop_reason":null}],"system_fingerprint":"spyre-test"})" +
                "\n\ndata: [DONE]\n\n");
}

TEST_F(Chat, EveryChoiceOfAStreamBeginsWithTheRole) {
  answer_with({two_tokens(), two_tokens()});
  const auto events =
      say({{"stream", true}, {"n", 2}, {"stream_options", {{"include_usage", true}}}})->events();
  ASSERT_EQ(events.size(), 7u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(events[i]["choices"][0]["index"], i);
    EXPECT_EQ(events[i]["choices"][0]["delta"]["role"], "assistant");
  }
  EXPECT_EQ(events[6]["usage"]["completion_tokens"], 4);
}

TEST_F(Chat, TheTemplateMakesThePrompt) {
  answer_with({two_tokens()});
  say();
  const auto wanted = template_->render({.messages = kHello}).value();
  EXPECT_EQ(engine_.submitted[0].request.prompt, tokenizer_.encode(wanted, false).value());
  EXPECT_EQ(say({{"return_prompt_text", true}})->json()["prompt_text"], wanted);
}

TEST_F(Chat, VariablesReachTheTemplate) {
  answer_with({two_tokens()});
  service_.options.default_template_kwargs = {{"date_string", "1 Jan 1970"}};
  say();
  EXPECT_THAT(prompt(0), HasSubstr("1 Jan 1970"));
  say({{"chat_template_kwargs", {{"date_string", "2 Feb 1972"}}}});
  EXPECT_THAT(prompt(1), HasSubstr("2 Feb 1972"));
}

TEST_F(Chat, ReasoningEffortIsAVariable) {
  answer_with({two_tokens()});
  service_.options.trust_request_chat_template = true;
  service_.max_model_len = 1000;
  const std::string source = "{{ reasoning_effort }}={{ enable_thinking }}";
  say({{"chat_template", source}, {"reasoning_effort", "high"}});
  EXPECT_EQ(prompt(0), "high=True");
  say({{"chat_template", source}, {"reasoning_effort", "none"}});
  EXPECT_EQ(prompt(1), "none=False");
  say({{"chat_template", source},
       {"reasoning_effort", "none"},
       {"chat_template_kwargs", {{"enable_thinking", true}}}});
  EXPECT_EQ(prompt(2), "none=True");
}

TEST_F(Chat, TemplatesOfRequestsNeedTrust) {
  EXPECT_EQ(refused({{"chat_template", "x"}}), "400 BadRequestError chat_template");
  service_.options.trust_request_chat_template = true;
  EXPECT_EQ(refused({{"chat_template", "{% if %}"}}), "400 BadRequestError chat_template");
  answer_with({two_tokens()});
  say({{"chat_template", "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"}});
  EXPECT_EQ(prompt(), "<|begin_of_text|>Hello<|eot_id|>");
}

TEST_F(Chat, WhatATemplateSaysIsAnError) {
  service_.options.trust_request_chat_template = true;
  std::string message;
  EXPECT_EQ(refused({{"chat_template", "{{ raise_exception('no such role') }}"}}, &message),
            "400 BadRequestError messages");
  EXPECT_THAT(message, HasSubstr("no such role"));
  EXPECT_EQ(refused({{"chat_template",
                      "{% for a in range(100000) %}{% for b in range(100000) %}"
                      "{% endfor %}{% endfor %}"}}),
            "400 BadRequestError messages");
}

TEST_F(Chat, AModelWithoutATemplateSaysSo) {
  const std::optional<text::ChatTemplate> none;
  Service without{.model_names = service_.model_names,
                  .model_root = "",
                  .tokenizer = tokenizer_,
                  .chat_template = none,
                  .engine = engine_,
                  .default_sampling = {},
                  .limits = service_.limits,
                  .max_model_len = 100,
                  .fingerprint = ""};
  const auto prompt = chat_prompt(without, {}, kHello);
  ASSERT_FALSE(prompt);
  EXPECT_THAT(prompt.error().message, HasSubstr("--chat-template"));
}

TEST_F(Chat, MaxTokensIsAllTheRoom) {
  answer_with({two_tokens()});
  say();
  const auto prompt_tokens = static_cast<int64_t>(engine_.submitted[0].request.prompt.size());
  EXPECT_EQ(params(0).max_tokens, 100 - prompt_tokens);
  say({{"max_tokens", 3}});
  EXPECT_EQ(params(1).max_tokens, 3);
  say({{"max_tokens", 3}, {"max_completion_tokens", 4}});
  EXPECT_EQ(params(2).max_tokens, 4);
  engine_.context_tokens = prompt_tokens + 9;
  say();
  EXPECT_EQ(params(3).max_tokens, 9);
  service_.default_sampling.max_tokens = 6;
  say();
  EXPECT_EQ(params(4).max_tokens, 6);
}

TEST_F(Chat, LogprobsListTheLikeliest) {
  answer_with({two_tokens()});
  const Json content =
      say({{"logprobs", true}, {"top_logprobs", 2}})->json()["choices"][0]["logprobs"]["content"];
  ASSERT_EQ(content.size(), 2u);
  EXPECT_EQ(content[0]["logprob"], -0.5);
  EXPECT_EQ(content[0]["top_logprobs"].size(), 2u);
  const std::string token = tokenizer_.token_text(4).value();
  EXPECT_EQ(content[0]["token"], token);
  EXPECT_EQ(content[0]["bytes"].size(), token.size());
  EXPECT_EQ(params().logprobs, 2);
  EXPECT_EQ(
      say({{"logprobs", true}})->json()["choices"][0]["logprobs"]["content"][0]["top_logprobs"],
      Json::array());
  EXPECT_TRUE(say({{"logprobs", false}})->json()["choices"][0]["logprobs"].is_null());
  EXPECT_EQ(params(2).logprobs, std::nullopt);
}

TEST_F(Chat, EchoPutsTheLastMessageBefore) {
  answer_with({two_tokens()});
  const Json messages = Json::parse(
      R"([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "So "}])");
  const Json body = {{"messages", messages},
                     {"echo", true},
                     {"continue_final_message", true},
                     {"add_generation_prompt", false}};
  EXPECT_EQ(chat(body)->json()["choices"][0]["message"]["content"], "So abc");
  EXPECT_THAT(prompt(), ::testing::EndsWith("So"));
  Json streamed = body;
  streamed["stream"] = true;
  const auto events = chat(streamed)->events();
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[1]["choices"][0]["delta"]["content"], "So ");
  EXPECT_EQ(say({{"echo", true}})->json()["choices"][0]["message"]["content"], "abc");
}

TEST_F(Chat, TheAnswerHasTheRoleWhoseTurnItIs) {
  answer_with({two_tokens()});
  service_.options.response_role = "bot";
  EXPECT_EQ(say()->json()["choices"][0]["message"]["role"], "bot");
  EXPECT_EQ(say({{"add_generation_prompt", false}})->json()["choices"][0]["message"]["role"],
            "user");
}

TEST_F(Chat, FieldsAreCheckedTogether) {
  const Json tool = Json::parse(R"({"type": "function", "function": {"name": "f"}})");
  const std::pair<Json, const char*> kCases[] = {
      {{{"top_logprobs", 2}}, "top_logprobs"},
      {{{"continue_final_message", true}, {"add_generation_prompt", true}},
       "continue_final_message"},
      {{{"tools", Json::array()}}, "tools"},
      {{{"tool_choice", "auto"}}, "tool_choice"},
      {{{"tool_choice", "required"},
        {"tools", Json::array({tool})},
        {"response_format", {{"type", "json_object"}}}},
       "tool_choice"},
      {{{"messages", Json::array()}}, "messages"},
      {{{"response_format", {{"type", "json_schema"}}}}, "response_format"},
      {{{"max_completion_tokens", 1000}}, "max_completion_tokens"},
  };
  for (const auto& [more, param] : kCases) {
    EXPECT_EQ(refused(more), fmt::format("400 BadRequestError {}", param)) << more;
  }
}

TEST_F(Chat, ToolsReachTheTemplate) {
  answer_with({two_tokens()});
  service_.options.trust_request_chat_template = true;
  service_.options.tool_format = find_tool_format("hermes");
  const Json tools = Json::parse(R"([{"type": "function", "function": {"name": "weather"}}])");
  for (const Json& choice : {Json(nullptr), Json("auto"), Json("none")}) {
    say({{"chat_template", "{{ tools[0].function.name }}"},
         {"tools", tools},
         {"tool_choice", choice}});
    EXPECT_EQ(prompt(engine_.submitted.size() - 1), "weather");
  }
}

TEST_F(Chat, TooLongConversationsAreRefused) {
  std::string message;
  std::string words;
  for (int i = 0; i < 300; ++i) words += "word ";
  const Json messages = {{{"role", "user"}, {"content", words}}};
  EXPECT_EQ(refused({{"messages", messages}}, &message), "400 BadRequestError messages");
  EXPECT_THAT(message, HasSubstr("maximum context length is 100 tokens"));
  answer_with({two_tokens()});
  say({{"messages", messages}, {"truncate_prompt_tokens", 50}});
  EXPECT_EQ(engine_.submitted[0].request.prompt.size(), 50u);
}

TEST_F(Chat, PicturesAreRefused) {
  const Json messages = Json::parse(
      R"([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}])");
  std::string message;
  EXPECT_EQ(refused({{"messages", messages}}, &message), "400 BadRequestError messages");
  EXPECT_THAT(message, HasSubstr("image_url"));
}

}  // namespace
}  // namespace spyre::serve::openai
