// The table of request fields: every row with right and wrong values.
#include "serve/openai/request_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "serve/openai/api_fixture.h"
#include "serve/openai/field_types.h"

namespace spyre::serve::openai {
namespace {

using ::testing::HasSubstr;

// Values of another type than the kind's.
std::vector<Json> wrong_values(Kind kind) {
  const Json object = {{"a", 1}};
  const Json texts = {"a", "b"};
  switch (kind) {
    case Kind::kAny:
      return {};
    case Kind::kBoolean:
      return {0, "true", texts, object};
    case Kind::kInteger:
      return {1.5, "1", true, texts, object, 1e300, -9223372036854775809.0, uint64_t{1} << 63};
    case Kind::kNumber:
      return {"1", false, texts, object};
    case Kind::kText:
      return {1, true, texts, object};
    case Kind::kWord:
      return {"nonsense", 1, texts};
    case Kind::kTextOrTexts:
      return {1, {1, 2}, object, {"a", 1}};
    case Kind::kTokenIds:
      return {1, {"a"}, {-1}, {1.5}, {int64_t{1} << 31}, object};
    case Kind::kJsonSchema:
      return {1, texts};
    case Kind::kObject:
    case Kind::kResponseFormat:
    case Kind::kStructuredOutputs:
      return {1, "a", texts};
    case Kind::kObjects:
      return {1, texts, object};
    case Kind::kBiases:
      return {1, texts, {{"5", "x"}}};
    case Kind::kPrompt:
      return {1, true, object, {"a", 1}, {1, "a"}, {{1}, "a"}, {{-1}}};
    case Kind::kDocuments:
      return {1, "a", object, {"a", 1}, {object}, {{{"text", 1}}}};
    case Kind::kMessages:
      return {1, texts, object};
    case Kind::kTools:
      return {1, texts, {object}, {{{"function", {{"name", 1}}}}}};
    case Kind::kToolChoice:
      return {1, "any", object};
    case Kind::kStreamOptions:
      return {1, texts, {{"include_usage", 1}}};
  }
  return {};
}

// The body that `taker` needs at least.
Json least_body(Taker taker) {
  Json body = Json::object();
  for (const Field& field : request_field_table()) {
    if (!field.required || (field.takers & taker) == 0) continue;
    const bool ids = field.kind == Kind::kTokenIds;
    body[std::string(field.name)] =
        field.kind == Kind::kMessages ? Json::array({{{"role", "user"}, {"content", "a"}}})
        : ids || field.kind == Kind::kDocuments ? Json::array({ids ? Json(1) : Json("a")})
                                                : Json("a");
  }
  return body;
}

constexpr Taker kTakers[] = {kCompletion, kChat,  kTokenizeText, kTokenizeChat,
                             kDetokenize, kEmbed, kPool,         kClassify,
                             kPoolChat,   kScore, kRerank};

class RequestFieldsTest : public ::testing::Test {
 protected:
  ApiResult<RequestFields> parse(Taker taker, const Json& more) const {
    Json body = least_body(taker);
    body.update(more);
    return parse_request_fields(body, taker, tokenizer_, defaults_);
  }
  RequestFields good(Taker taker, const Json& more) const {
    auto fields = parse(taker, more);
    EXPECT_TRUE(fields) << fields.error().message;
    return fields ? *fields : RequestFields{};
  }
  ApiError bad(Taker taker, const Json& more) const {
    const auto fields = parse(taker, more);
    EXPECT_FALSE(fields) << more;
    return fields ? ApiError{} : fields.error();
  }
  text::Tokenizer tokenizer_ = testing::fixture_tokenizer();
  SamplingRequest defaults_;
};

TEST_F(RequestFieldsTest, EveryFieldRefusesOtherTypes) {
  for (const Taker taker : kTakers) {
    for (const Field& field : request_field_table()) {
      if ((field.takers & taker) == 0) continue;
      for (const Json& value : wrong_values(field.kind)) {
        SCOPED_TRACE(fmt::format("{} = {}", field.name, value.dump()));
        const ApiError error = bad(taker, {{std::string(field.name), value}});
        EXPECT_EQ(error.status, 400);
        EXPECT_EQ(error.type, "Bad Request");
        EXPECT_TRUE(error.param && error.param->starts_with(fmt::format("body.{}", field.name)));
        EXPECT_TRUE(error.message.starts_with(field.name)) << error.message;
      }
    }
  }
}

TEST_F(RequestFieldsTest, EveryRangeHoldsItsEnds) {
  for (const Field& field : request_field_table()) {
    if (field.kind != Kind::kInteger && field.kind != Kind::kNumber) continue;
    for (const Taker taker : kTakers) {
      if ((field.takers & taker) == 0) continue;
      const std::string name(field.name);
      SCOPED_TRACE(name);
      const auto as_json = [&](double value) {
        return field.kind == Kind::kInteger ? Json(static_cast<int64_t>(value)) : Json(value);
      };
      if (std::abs(field.range.low) < 1e18) {
        EXPECT_EQ(parse(taker, {{name, as_json(field.range.low)}}).has_value(), !field.range.above);
        const double below = field.range.above ? field.range.low : field.range.low - 1;
        const ApiError error = bad(taker, {{name, as_json(below)}});
        EXPECT_EQ(error.type, "BadRequestError");
        EXPECT_EQ(error.param, name);
        EXPECT_THAT(error.message, HasSubstr(range_words(field)));
      }
      if (field.range.high < 1e18) {
        EXPECT_TRUE(parse(taker, {{name, as_json(field.range.high)}}));
        EXPECT_EQ(bad(taker, {{name, as_json(field.range.high + 1)}}).param, name);
      }
    }
  }
}

TEST_F(RequestFieldsTest, NullIsAbsent) {
  defaults_.params.top_p = 0.25f;
  for (const Taker taker : kTakers) {
    for (const Field& field : request_field_table()) {
      if ((field.takers & taker) == 0) continue;
      const auto fields = parse(taker, {{std::string(field.name), nullptr}});
      EXPECT_EQ(fields.has_value(), !field.required) << field.name;
      if (fields) {
        EXPECT_EQ(fields->sampling.params.top_p, 0.25f);
      }
    }
  }
}

TEST_F(RequestFieldsTest, UnknownFieldsAreIgnored) {
  EXPECT_TRUE(parse(kCompletion, {{"no_such_field", {1, "x"}}, {"vllm_xargs", 3}}));
}

TEST_F(RequestFieldsTest, AMissingFieldIsNamed) {
  const auto fields = parse_request_fields(Json::object(), kChat, tokenizer_, defaults_);
  ASSERT_FALSE(fields);
  EXPECT_EQ(fields.error().param, "body.messages");
}

TEST_F(RequestFieldsTest, SamplingArrivesWhereItBelongs) {
  const RequestFields fields = good(
      kCompletion,
      Json::parse(
          R"({"temperature": 0.5, "top_p": 0.25, "top_k": 7, "min_p": 0.125, "presence_penalty": 1,
              "frequency_penalty": -1, "repetition_penalty": 1.5, "seed": -3, "n": 2,
              "stop": "end", "stop_token_ids": [3, 4], "ignore_eos": true, "min_tokens": 1,
              "max_tokens": 9, "skip_special_tokens": false, "include_stop_str_in_output": true,
              "logit_bias": {"5": -1.5, "6": 1000}, "allowed_token_ids": [1], "logprobs": 3,
              "prompt_logprobs": -1, "length_penalty": 0.5})"));
  const sample::SamplingParams& params = fields.sampling.params;
  EXPECT_EQ(params.temperature, 0.5f);
  EXPECT_EQ(params.top_p, 0.25f);
  EXPECT_EQ(params.top_k, 7);
  EXPECT_EQ(params.min_p, 0.125f);
  EXPECT_EQ(params.presence_penalty, 1);
  EXPECT_EQ(params.frequency_penalty, -1);
  EXPECT_EQ(params.repetition_penalty, 1.5f);
  EXPECT_EQ(params.seed, -3);
  EXPECT_EQ(params.n, 2);
  EXPECT_EQ(params.stop, std::vector<std::string>{"end"});
  EXPECT_EQ(params.stop_token_ids, (std::vector<int32_t>{3, 4}));
  EXPECT_TRUE(params.ignore_eos);
  EXPECT_EQ(params.min_tokens, 1);
  EXPECT_EQ(fields.sampling.max_tokens, 9);
  EXPECT_FALSE(params.skip_special_tokens);
  EXPECT_TRUE(params.include_stop_str_in_output);
  EXPECT_EQ(params.logit_bias, (std::vector<std::pair<int32_t, float>>{{5, -1.5f}, {6, 100.0f}}));
  EXPECT_EQ(params.allowed_token_ids, std::vector<int32_t>{1});
  EXPECT_EQ(params.logprobs, 3);
  EXPECT_EQ(params.prompt_logprobs, -1);
  EXPECT_EQ(fields.sampling.length_penalty, 0.5f);
}

TEST_F(RequestFieldsTest, OddNumbersAreWhatTheyAre) {
  EXPECT_EQ(good(kCompletion, {{"n", 3.0}}).sampling.params.n, 3);
  EXPECT_EQ(good(kCompletion, {{"top_k", -0.0}}).sampling.params.top_k, 0);
  EXPECT_EQ(good(kCompletion, {{"temperature", -0.0}}).sampling.params.temperature, 0);
  EXPECT_EQ(good(kCompletion, {{"max_tokens", INT64_MAX}}).sampling.max_tokens, INT64_MAX);
  EXPECT_EQ(good(kCompletion, {{"seed", INT64_MIN}}).sampling.params.seed, INT64_MIN);
  EXPECT_EQ(bad(kCompletion, {{"temperature", 1e300}}).param, "temperature");
  EXPECT_EQ(bad(kCompletion, {{"seed", 1e19}}).param, "body.seed");
}

TEST_F(RequestFieldsTest, ChatHasItsOwnLogprobs) {
  const RequestFields fields = good(kChat, {{"logprobs", true}, {"top_logprobs", 2}});
  EXPECT_TRUE(fields.chat_logprobs);
  EXPECT_EQ(fields.top_logprobs, 2);
  EXPECT_EQ(bad(kChat, {{"logprobs", 2}}).param, "body.logprobs");
}

TEST_F(RequestFieldsTest, AllWrongTypesAreSaidAtOnce) {
  const ApiError two = bad(kCompletion, {{"n", "x"}, {"stream", 1}});
  EXPECT_THAT(two.message, HasSubstr("n: wanted an integer, found \"x\""));
  EXPECT_THAT(two.message, HasSubstr("stream: wanted true or false, found 1"));
  Json many = Json::array();
  for (int i = 0; i < 15; ++i) many.push_back(i);
  const ApiError most = bad(kChat, {{"messages", many}});
  EXPECT_EQ(most.param, "body.messages.0");
  EXPECT_THAT(most.message, HasSubstr("messages.9: "));
  EXPECT_THAT(most.message, HasSubstr("; and 5 more"));
}

TEST_F(RequestFieldsTest, MessagesAreLookedInto) {
  const std::pair<const char*, const char*> kCases[] = {
      {R"([{"content": "a"}])", "body.messages.0.role"},
      {R"([{"role": 1}])", "body.messages.0.role"},
      {R"([{"role": "user", "content": 5}])", "body.messages.0.content"},
      {R"([{"role": "user", "content": ["a"]}])", "body.messages.0.content.0"},
      {R"([{"role": "user", "content": [{"text": "a"}]}])", "body.messages.0.content.0.type"},
      {R"([{"role": "user", "content": [{"type": "text", "text": 1}]}])",
       "body.messages.0.content.0.text"},
      {R"([{"role": "user", "name": 1}])", "body.messages.0.name"},
      {R"([{"role": "assistant", "tool_calls": [1]}])", "body.messages.0.tool_calls"},
      {R"([{"role": "user"}, {"role": "assistant", "reasoning": 1}])", "body.messages.1.reasoning"},
  };
  for (const auto& [messages, param] : kCases) {
    EXPECT_EQ(bad(kChat, {{"messages", Json::parse(messages)}}).param, param) << messages;
  }
}

TEST_F(RequestFieldsTest, BiasKeysAreTokenIds) {
  for (const char* key : {"x", "", "1.5", "99999999999", " 5"}) {
    const ApiError error = bad(kCompletion, {{"logit_bias", {{key, 1}}}});
    EXPECT_EQ(error.type, "BadRequestError") << key;
    EXPECT_EQ(error.param, "logit_bias");
  }
}

TEST_F(RequestFieldsTest, BadWordsComeWithAndWithoutASpace) {
  const auto words =
      good(kCompletion, {{"bad_words", {"the"}}}).sampling.params.bad_words_token_ids;
  ASSERT_FALSE(words.empty());
  EXPECT_EQ(words[0], tokenizer_.encode("the", false).value());
  EXPECT_EQ(bad(kCompletion, {{"bad_words", {" "}}}).param, "bad_words");
  EXPECT_EQ(bad(kCompletion, {{"bad_words", std::vector<std::string>(129, "a")}}).param,
            "bad_words");
}

TEST_F(RequestFieldsTest, OfflineFieldsAreSetOneByOne) {
  SamplingRequest request;
  ASSERT_TRUE(set_sampling_field("top_k", 7, tokenizer_, request));
  ASSERT_TRUE(set_sampling_field("beam_width", 2, tokenizer_, request));
  ASSERT_TRUE(set_sampling_field("top_p", nullptr, tokenizer_, request));
  EXPECT_EQ(request.params.top_k, 7);
  EXPECT_EQ(request.beam_width, 2);
  EXPECT_EQ(request.params.top_p, 1.0f);
  const auto refusal = [&](const char* name, const Json& value) {
    return set_sampling_field(name, value, tokenizer_, request).error();
  };
  EXPECT_EQ(refusal("top_k", 1.5).message, "top_k: wanted an integer, found 1.5");
  EXPECT_EQ(refusal("temperature", 3).message, "temperature: wanted a number from 0 to 2, found 3");
  EXPECT_EQ(refusal("tempratur", 1).code, Code::kNotFound);
  EXPECT_EQ(refusal("stream", true).code, Code::kNotFound);
  EXPECT_EQ(request.params.top_k, 7);
}

TEST_F(RequestFieldsTest, ABeamWidthAsksForBeamSearch) {
  SamplingRequest sampling;
  EXPECT_FALSE(make_engine_request({1}, sampling, 5).beam);
  sampling.beam_width = 4;
  const engine::Request request = make_engine_request({1, 2}, sampling, 9);
  ASSERT_TRUE(request.beam);
  EXPECT_EQ(request.beam->width, 4);
  EXPECT_EQ(request.beam->max_tokens, 9);
  EXPECT_EQ(request.params.max_tokens, 9);
  EXPECT_EQ(request.prompt, (std::vector<int32_t>{1, 2}));
}

TEST(FieldTable, NoTakerHasAFieldTwice) {
  for (const Taker taker : {kCompletion, kChat, kOffline, kTokenizeText, kTokenizeChat, kDetokenize,
                            kEmbed, kPool, kClassify, kPoolChat, kScore, kRerank}) {
    std::set<std::string_view> names;
    for (const Field& field : request_field_table()) {
      if ((field.takers & taker) == 0) continue;
      EXPECT_TRUE(names.insert(field.name).second) << field.name;
    }
  }
}

TEST(FieldTable, DefaultsAreOfTheirOwnType) {
  for (const Field& field : request_field_table()) {
    EXPECT_FALSE(field.explanation.empty()) << field.name;
    if (field.fallback.empty()) continue;
    TypeErrors errors;
    const Json fallback = Json::parse(field.fallback);
    check_type(field, fallback, "body.x", errors);
    EXPECT_TRUE(errors.empty() && in_range(field, fallback)) << field.name;
  }
}

}  // namespace
}  // namespace spyre::serve::openai
