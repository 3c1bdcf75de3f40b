// /v1/completions over a fake engine: what reaches the engine, and how answers are worded.
#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

using testing::ChoiceScript;
using ::testing::HasSubstr;
using testing::two_tokens;

class Completion : public testing::Api {
 protected:
  std::string refused(const Json& more, std::string* message = nullptr) {
    Json body = {{"prompt", "a"}};
    body.update(more);
    return refusal("/v1/completions", body, message);
  }
};

TEST_F(Completion, AnswerHasEveryFieldInItsPlace) {
  answer_with({two_tokens()});
  const auto exchange = complete({{"prompt", {1, 2, 3}}, {"request_id", "mine"}});
  EXPECT_EQ(exchange->status, 200);
  EXPECT_EQ(exchange->content_type, "application/json");
  EXPECT_EQ(exchange->body,
            R"({"id":"cmpl-mine","object":"text_completion","created":2000,"model":"tiny",)"
            R"("choices":[{"index":0,"text":"abc","logprobs":null,"finish_reason":"length",)"
            R"("stop_reason":null,"token_ids":null,"prompt_logprobs":null,)"
            R"("prompt_token_ids":null,"routed_experts":null}],"service_tier":null,)"
            R"("system_fingerprint":"spyre-test","usage":{"prompt_tokens":3,"total_tokens":5,)"
            R"("completion_tokens":2,"prompt_tokens_details":null,)"
            R"("completion_tokens_details":null},"kv_transfer_params":null,)"
            R"("ec_transfer_params":null,"metrics":null})");
}

TEST_F(Completion, StreamHasChunksUsageAndDone) {
  answer_with({{.pieces = {{4, "ab"}, {5, "c"}},
                .finish_reason = sample::FinishReason::kStop,
                .stop_reason = std::string("d")}});
  const auto exchange =
      complete({{"prompt", {1}}, {"stream", true}, {"stream_options", {{"include_usage", true}}}});
  const std::string head =
      R"(data: {"id":"cmpl-0123","object":"text_completion","created":2000,"model":"tiny","choices":[)";
  EXPECT_EQ(exchange->content_type, "text/event-stream; charset=utf-8");
  EXPECT_EQ(exchange->body,
            head + R"({"index":0,"text":"ab","logprobs":null,"finish_reason":null,)" +
                R"("stop_reason":null}]})" + "\n\n" + head +
                R"({"index":0,"text":"c","logprobs":null,"finish_reason":"stop",)" +
                R"("stop_reason":"d"}],"system_fingerprint":"spyre-test"})" + "\n\n" + head +
                R"(],"usage":{"prompt_tokens":1,"total_tokens":3,"completion_tokens":2}})" +
                "\n\ndata: [DONE]\n\n");
}

TEST_F(Completion, PromptsOfEveryKind) {
  answer_with({two_tokens()});
  complete({{"prompt", "Hello"}});
  EXPECT_EQ(engine_.submitted[0].request.prompt, tokenizer_.encode("Hello", true).value());
  complete({{"prompt", "Hello"}, {"add_special_tokens", false}});
  EXPECT_EQ(engine_.submitted[1].request.prompt, tokenizer_.encode("Hello", false).value());
  complete({{"prompt", {7, 8}}});
  EXPECT_EQ(engine_.submitted[2].request.prompt, (std::vector<int32_t>{7, 8}));
  EXPECT_EQ(complete({{"prompt", Json::array({{7}, {8, 9}})}})->json()["choices"].size(), 2u);
  EXPECT_EQ(engine_.submitted[4].request.prompt, (std::vector<int32_t>{8, 9}));
  EXPECT_EQ(complete({{"prompt", {"a", "b", "c"}}})->json()["choices"].size(), 3u);
}

TEST_F(Completion, EmptyPromptsAreRefused) {
  for (const char* prompt : {R"("")", "[]", "[[]]", "[[1], []]"}) {
    EXPECT_EQ(refused({{"prompt", Json::parse(prompt)}}), "400 BadRequestError prompt") << prompt;
  }
  EXPECT_EQ(refusal("/v1/completions", Json::object()), "400 Bad Request body.prompt");
  service_.options.max_completion_prompts = 2;
  std::string message;
  EXPECT_EQ(refused({{"prompt", {"a", "b", "c"}}}, &message), "400 BadRequestError prompt");
  EXPECT_THAT(message, HasSubstr("VLLM_MAX_COMPLETION_PROMPTS"));
}

TEST_F(Completion, SeveralPromptsWithSeveralChoicesAreNumbered) {
  const std::vector<ChoiceScript> even = {{.pieces = {{1, "a"}}}, {.pieces = {{2, "b"}, {3, "c"}}}};
  const std::vector<ChoiceScript> odd = {{.pieces = {{4, "d"}}}, {.pieces = {{5, "e"}}}};
  const Json body = {{"prompt", Json::array({{7}, {8, 9}})}, {"n", 2}};
  const auto exchange = complete(body);
  engine_.play(1, odd);
  EXPECT_EQ(exchange->status, 0);
  engine_.play(0, even);
  const Json answer = exchange->json();
  const std::vector<std::string> texts = {"a", "bc", "d", "e"};
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(answer["choices"][i]["index"], i);
    EXPECT_EQ(answer["choices"][i]["text"], texts[i]);
  }
  EXPECT_EQ(answer["usage"]["prompt_tokens"], 3);
  EXPECT_EQ(answer["usage"]["completion_tokens"], 5);
}

TEST_F(Completion, MaxTokensIsCutToTheRoom) {
  const auto asked = [&](const Json& more, int64_t prompt_tokens) {
    Json body = {{"prompt", std::vector<int>(static_cast<size_t>(prompt_tokens), 5)}};
    body.update(more);
    complete(body);
    return engine_.submitted.back().request.params.max_tokens;
  };
  EXPECT_EQ(asked(Json::object(), 3), 16);
  EXPECT_EQ(asked(Json::object(), 90), 10);
  EXPECT_EQ(asked({{"max_tokens", 50}}, 90), 10);
  EXPECT_EQ(asked({{"max_tokens", 50}}, 3), 50);
  engine_.context_tokens = 20;  // the engine's shapes are shorter than the model
  EXPECT_EQ(asked(Json::object(), 10), 10);
  EXPECT_EQ(asked({{"max_tokens", 15}}, 10), 15);  // asked for: the engine refuses it itself
  EXPECT_EQ(asked(Json::object(), 30), 1);
  service_.default_sampling.max_tokens = 4;  // generation_config.json caps all
  EXPECT_EQ(asked(Json::object(), 3), 4);
  EXPECT_EQ(asked({{"max_tokens", 15}}, 3), 4);
}

TEST_F(Completion, TooLongIsSaidInTheWordsThatClientsLookFor) {
  std::string message;
  EXPECT_EQ(refused({{"prompt", std::vector<int>(100, 5)}}, &message),
            "400 BadRequestError prompt");
  EXPECT_THAT(message, HasSubstr("maximum context length is 100 tokens"));
  EXPECT_EQ(refused({{"max_tokens", 101}}, &message), "400 BadRequestError max_tokens");
  EXPECT_THAT(message, HasSubstr("maximum context length is 100 tokens"));
}

TEST_F(Completion, PromptsAreTruncatedOnlyWhenAsked) {
  answer_with({two_tokens()});
  complete({{"prompt", {1, 2, 3, 4}}, {"truncate_prompt_tokens", 2}});
  EXPECT_EQ(engine_.submitted[0].request.prompt, (std::vector<int32_t>{3, 4}));
  complete({{"prompt", {1, 2, 3, 4}}, {"truncate_prompt_tokens", 2}, {"truncation_side", "right"}});
  EXPECT_EQ(engine_.submitted[1].request.prompt, (std::vector<int32_t>{1, 2}));
  complete(
      {{"prompt", std::vector<int>(500, 5)}, {"truncate_prompt_tokens", -1}, {"max_tokens", 7}});
  EXPECT_EQ(engine_.submitted[2].request.prompt.size(), 93u);
  EXPECT_EQ(refused({{"truncate_prompt_tokens", 0}}), "400 BadRequestError truncate_prompt_tokens");
  EXPECT_EQ(refused({{"truncate_prompt_tokens", 101}}),
            "400 BadRequestError truncate_prompt_tokens");
}

TEST_F(Completion, WhatIsNotServedYetIsRefusedByName) {
  const std::pair<const char*, Json> kCases[] = {
      {"suffix", "x"},
      {"prompt_embeds", "AAAA"},
      {"logprob_token_ids", {1}},
      {"priority", 1},
      {"best_of", 2},
      {"cache_salt", ""},
      {"cache_salt", "a/b"},
      {"cache_salt", std::string(129, 'a')},
  };
  for (const auto& [field, value] : kCases) {
    std::string message;
    EXPECT_EQ(refused({{field, value}}, &message), fmt::format("400 BadRequestError {}", field));
    EXPECT_TRUE(message.starts_with(field)) << message;
  }
  EXPECT_TRUE(engine_.submitted.empty());
}

TEST_F(Completion, HarmlessFieldsAreTaken) {
  answer_with({two_tokens()});
  const auto exchange = complete({{"prompt", "a"},
                                  {"suffix", ""},
                                  {"response_format", {{"type", "text"}}},
                                  {"best_of", 1},
                                  {"priority", 0},
                                  {"cache_salt", "salt"},
                                  {"user", {{"any", "thing"}}},
                                  {"spaces_between_special_tokens", true},
                                  {"kv_transfer_params", {{"a", 1}}},
                                  {"guided_json", nullptr},
                                  {"structured_outputs", nullptr}});
  EXPECT_EQ(exchange->status, 200) << exchange->body;
}

TEST_F(Completion, FieldsAreCheckedTogether) {
  const std::pair<Json, const char*> kCases[] = {
      {{{"stream_options", {{"include_usage", true}}}}, "stream_options"},
      {{{"stream", true}, {"prompt_logprobs", 1}}, "prompt_logprobs"},
      {{{"stream", true}, {"use_beam_search", true}}, "use_beam_search"},
      {{{"max_tokens", 0}}, "max_tokens"},
      {{{"n", 2}, {"temperature", 0}}, "n"},
      {{{"min_tokens", 17}}, "min_tokens"},
      {{{"logprobs", 21}}, "logprobs"},
      {{{"stop", {"a", "b", "c", "d", "e"}}}, "stop"},
      {{{"stop", {""}}}, "stop"},
      {{{"logit_bias", {{"100000", 1}}}}, "logit_bias"},
      {{{"allowed_token_ids", Json::array()}}, "allowed_token_ids"},
      {{{"stop_token_ids", {100000}}}, "stop_token_ids"},
  };
  for (const auto& [more, param] : kCases) {
    EXPECT_EQ(refused(more), fmt::format("400 BadRequestError {}", param)) << more;
  }
}

TEST_F(Completion, EchoBeginsWithThePrompt) {
  answer_with({two_tokens()});
  EXPECT_EQ(complete({{"prompt", "Hello "}, {"echo", true}})->json()["choices"][0]["text"],
            "Hello abc");
  const auto ids = tokenizer_.encode("Hello there", false).value();
  EXPECT_EQ(complete({{"prompt", ids}, {"echo", true}})->json()["choices"][0]["text"],
            "Hello thereabc");
}

TEST_F(Completion, EchoAloneScoresThePrompt) {
  answer_with({{.pieces = {{4, "x"}}}});
  const auto exchange = complete({{"prompt", {1, 2, 3}},
                                  {"echo", true},
                                  {"max_tokens", 0},
                                  {"logprobs", 1},
                                  {"return_token_ids", true}});
  EXPECT_EQ(params().max_tokens, 1);
  EXPECT_EQ(params().prompt_logprobs, 1);
  const Json answer = exchange->json();
  const Json& choice = answer["choices"][0];
  EXPECT_EQ(choice["text"], tokenizer_.decode(std::vector<int32_t>{1, 2, 3}, false).value());
  EXPECT_EQ(choice["finish_reason"], "length");
  EXPECT_EQ(choice["token_ids"], Json({1, 2, 3}));
  EXPECT_TRUE(choice["prompt_logprobs"].is_null());
  EXPECT_EQ(choice["logprobs"]["token_logprobs"], Json({nullptr, -0.25, -0.375}));
  EXPECT_EQ(choice["logprobs"]["tokens"].size(), 3u);
  EXPECT_TRUE(choice["logprobs"]["top_logprobs"][0].is_null());
  EXPECT_EQ(choice["logprobs"]["top_logprobs"][2].size(), 2u);
  EXPECT_EQ(answer["usage"]["completion_tokens"], 0);
}

TEST_F(Completion, EchoAndAnswerShareTheirColumns) {
  answer_with({two_tokens()});
  const Json logprobs = complete({{"prompt", {1, 2}}, {"echo", true}, {"logprobs", 0}})
                            ->json()["choices"][0]["logprobs"];
  EXPECT_EQ(logprobs["token_logprobs"], Json({nullptr, -0.25, -0.5, -0.625}));
  EXPECT_EQ(logprobs["tokens"].size(), 4u);
  EXPECT_EQ(logprobs["text_offset"][0], 0);
  EXPECT_EQ(logprobs["top_logprobs"][3].size(), 1u);
}

TEST_F(Completion, PromptLogprobsAreAFieldOfTheirOwn) {
  answer_with({two_tokens()});
  const Json choice = complete({{"prompt", {9, 2}}, {"prompt_logprobs", 1}})->json()["choices"][0];
  EXPECT_TRUE(choice["logprobs"].is_null());
  ASSERT_EQ(choice["prompt_logprobs"].size(), 2u);
  EXPECT_TRUE(choice["prompt_logprobs"][0].is_null());
  const Json& second = choice["prompt_logprobs"][1];
  EXPECT_EQ(second["2"]["logprob"], -0.25);
  EXPECT_EQ(second["2"]["rank"], 2);
  EXPECT_EQ(second["2"]["decoded_token"], tokenizer_.token_text(2).value());
  EXPECT_EQ(second["1"]["rank"], 1);
}

TEST_F(Completion, TheLargerOfTwoPromptLogprobsIsAskedFor) {
  answer_with({two_tokens()});
  complete({{"prompt", {1, 2}}, {"echo", true}, {"logprobs", 2}, {"prompt_logprobs", 5}});
  EXPECT_EQ(params().prompt_logprobs, 5);
  service_.limits.max_logprobs = -1;
  complete({{"prompt", {1, 2}}, {"echo", true}, {"logprobs", -1}, {"prompt_logprobs", 5}});
  EXPECT_EQ(params(1).prompt_logprobs, -1);
}

TEST_F(Completion, TokenIdsAreAddedWhenAsked) {
  answer_with({two_tokens()});
  const Json choice =
      complete({{"prompt", {1, 2}}, {"return_token_ids", true}})->json()["choices"][0];
  EXPECT_EQ(choice["token_ids"], Json({4, 5}));
  EXPECT_EQ(choice["prompt_token_ids"], Json({1, 2}));
  const auto events =
      complete({{"prompt", {1, 2}}, {"return_token_ids", true}, {"stream", true}})->events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]["choices"][0]["prompt_token_ids"], Json({1, 2}));
  EXPECT_EQ(events[0]["choices"][0]["token_ids"], Json({4}));
  EXPECT_FALSE(events[1]["choices"][0].contains("prompt_token_ids"));
}

TEST_F(Completion, UsageCanBeInEveryChunk) {
  answer_with({two_tokens()});
  const Json options = {{"include_usage", true}, {"continuous_usage_stats", true}};
  const auto asked = complete({{"prompt", {1}}, {"stream", true}, {"stream_options", options}});
  service_.options.force_include_usage = true;
  const auto forced = complete({{"prompt", {1}}, {"stream", true}});
  EXPECT_EQ(asked->body, forced->body);
  const auto events = asked->events();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0]["usage"]["completion_tokens"], 1);
  EXPECT_EQ(events[1]["usage"]["completion_tokens"], 2);
  EXPECT_TRUE(events[2]["choices"].empty());
}

TEST_F(Completion, ContinuousUsageNeedsUsage) {
  answer_with({two_tokens()});
  const auto events = complete({{"prompt", {1}},
                                {"stream", true},
                                {"stream_options", {{"continuous_usage_stats", true}}}})
                          ->events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_FALSE(events[0].contains("usage"));
}

TEST_F(Completion, OptionsOfTheServerShow) {
  service_.options.enable_prompt_tokens_details = true;
  service_.options.per_request_metrics = true;
  service_.options.return_tokens_as_token_ids = true;
  service_.fingerprint = "";
  answer_with({two_tokens()});
  const Json answer = complete({{"prompt", {1}}, {"logprobs", 0}})->json();
  EXPECT_EQ(answer["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
  EXPECT_TRUE(answer["system_fingerprint"].is_null());
  for (const char* name : {"time_to_first_token_ms", "generation_time_ms", "queue_time_ms",
                           "mean_itl_ms", "tokens_per_second"}) {
    EXPECT_GE(answer["metrics"][name].get<double>(), 0) << name;
  }
  EXPECT_EQ(answer["choices"][0]["logprobs"]["tokens"], Json({"token_id:4", "token_id:5"}));
}

TEST_F(Completion, TheAnswerHasTheNameThatWasAskedFor) {
  answer_with({two_tokens()});
  EXPECT_EQ(complete({{"prompt", "a"}, {"model", "alias"}})->json()["model"], "alias");
}

TEST_F(Completion, AHeaderNamesTheRequestBeforeTheField) {
  answer_with({two_tokens()});
  const auto exchange = ask("POST", "/v1/completions", R"({"prompt":"a","request_id":"field"})",
                            {{"content-type", "application/json"}, {"X-Request-Id", "0123"}});
  EXPECT_EQ(exchange->json()["id"], "cmpl-0123");
}

TEST_F(Completion, BeamsReplaceSampling) {
  answer_with({two_tokens(), two_tokens(), two_tokens()});
  const auto exchange = complete({{"prompt", "a"},
                                  {"use_beam_search", true},
                                  {"n", 3},
                                  {"temperature", 0},
                                  {"length_penalty", 2}});
  ASSERT_TRUE(engine_.submitted[0].request.beam);
  EXPECT_EQ(engine_.submitted[0].request.beam->width, 3);
  EXPECT_EQ(engine_.submitted[0].request.beam->length_penalty, 2);
  EXPECT_EQ(exchange->json()["choices"].size(), 3u);
}

TEST_F(Completion, TextsFarBeyondTheContextAreNotEvenTokenized) {
  const std::string text(2 << 20, 'a');
  std::string message;
  EXPECT_EQ(refusal("/v1/completions", {{"prompt", text}}, &message), "400 BadRequestError prompt");
  EXPECT_THAT(message, HasSubstr("wanted text of at most 1048576 bytes"));
  EXPECT_THAT(message, HasSubstr("found 2097152 bytes"));
  EXPECT_EQ(
      refusal("/v1/chat/completions", {{"messages", {{{"role", "user"}, {"content", text}}}}}),
      "400 BadRequestError messages");
  EXPECT_EQ(refusal("/tokenize", {{"prompt", text}}), "400 BadRequestError prompt");
}

}  // namespace
}  // namespace spyre::serve::openai
