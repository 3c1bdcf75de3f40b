#include "engine/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spyre::engine {
namespace {

std::string refusal(std::string_view text) {
  const auto trace = parse_trace(text);
  if (trace) return "accepted";
  EXPECT_EQ(trace.error().code, Code::kInvalidArgument);
  return trace.error().message;
}

TEST(Trace, ReadsEveryField) {
  const auto trace = parse_trace(
      R"({"id":"a","arrival_step":3,"prompt_tokens":49,"max_tokens":65,"n":2,"temperature":0.5}

{"id":7,"prompt_token_ids":[1,2,3],"max_tokens":null}
)");
  ASSERT_TRUE(trace) << trace.error().message;
  ASSERT_EQ(trace->size(), 2u);
  const TraceRequest& first = (*trace)[0];
  EXPECT_EQ(first.line, 3u);
  EXPECT_EQ(first.id, "7");
  EXPECT_EQ(first.arrival_step, 0);
  EXPECT_EQ(first.prompt, (std::vector<int32_t>{1, 2, 3}));
  EXPECT_EQ(first.prompt_tokens, 3);
  EXPECT_FALSE(first.max_tokens);
  const TraceRequest& second = (*trace)[1];
  EXPECT_EQ(second.arrival_step, 3);
  EXPECT_EQ(second.prompt_tokens, 49);
  EXPECT_TRUE(second.prompt.empty());
  EXPECT_EQ(second.max_tokens, 65);
  EXPECT_EQ(second.n, 2);
  EXPECT_EQ(second.fields.dump(), R"({"n":2,"temperature":0.5})");
}

TEST(Trace, AHugeCountIsANumberLikeOthers) {
  const auto trace = parse_trace(R"({"id":"0","prompt_tokens":9007199254740992,"max_tokens":1})");
  ASSERT_TRUE(trace);
  EXPECT_TRUE((*trace)[0].prompt.empty());
}

TEST(Trace, EqualArrivalsKeepTheirOrder) {
  std::string text;
  for (const int id : {5, 3, 9, 1}) {
    text += fmt::format(R"({{"id":{},"prompt_tokens":1,"arrival_step":{}}})", id, id == 9 ? 0 : 2);
    text += "\r\n";
  }
  const auto trace = parse_trace(text);
  ASSERT_TRUE(trace);
  std::string order;
  for (const TraceRequest& each : *trace) order += each.id;
  EXPECT_EQ(order, "9531");
}

TEST(Trace, NothingIsATrace) {
  EXPECT_TRUE(parse_trace("")->empty());
  EXPECT_TRUE(parse_trace("\n \r\n\t")->empty());
}

TEST(Trace, NamesTheWrongLine) {
  const std::string good = R"({"id":"0","prompt_tokens":1})"
                           "\n";
  using ::testing::AllOf;
  using ::testing::HasSubstr;
  const auto second = [&](std::string_view line) { return refusal(good + std::string(line)); };
  EXPECT_THAT(second("{\"id\""), HasSubstr("line 2"));
  EXPECT_THAT(second("[1]"), HasSubstr("line 2: wanted a JSON object, found array"));
  EXPECT_THAT(second(R"({"prompt_tokens":1})"), HasSubstr("line 2: id: wanted a string"));
  EXPECT_THAT(second(R"({"id":"","prompt_tokens":1})"), HasSubstr("line 2: id"));
  EXPECT_THAT(second(R"({"id":-1,"prompt_tokens":1})"), HasSubstr("found -1"));
  EXPECT_THAT(second(R"({"id":{},"prompt_tokens":1})"), HasSubstr("found object"));
  EXPECT_THAT(second(R"({"id":0,"prompt_tokens":1})"),
              HasSubstr("wanted one of its own, found \"0\" again"));
  EXPECT_THAT(second(R"({"id":"1"})"), HasSubstr("found none"));
  EXPECT_THAT(second(R"({"id":"1","prompt_tokens":1,"prompt_token_ids":[1]})"),
              HasSubstr("found both"));
  EXPECT_THAT(second(R"({"id":"1","prompt_tokens":null})"), HasSubstr("at least 1"));
  for (const char* value : {"0", "-3", "1.5", "\"12\"", "true", "1e30", "18446744073709551615"}) {
    EXPECT_THAT(second(fmt::format(R"({{"id":"1","prompt_tokens":{}}})", value)),
                AllOf(HasSubstr("line 2: prompt_tokens: wanted an integer"), HasSubstr("found")));
    EXPECT_THAT(second(fmt::format(R"({{"id":"1","prompt_tokens":1,"max_tokens":{}}})", value)),
                HasSubstr("line 2: max_tokens"));
    EXPECT_THAT(second(fmt::format(R"({{"id":"1","prompt_tokens":1,"n":{}}})", value)),
                HasSubstr("line 2: n: "));
  }
  for (const char* value : {"-1", "1000001", "[]"}) {
    EXPECT_THAT(second(fmt::format(R"({{"id":"1","prompt_tokens":1,"arrival_step":{}}})", value)),
                HasSubstr("line 2: arrival_step"));
  }
  for (const char* value : {"[]", "5", "[-1]", "[2147483648]", "[1,\"2\"]", "[[1]]"}) {
    EXPECT_THAT(second(fmt::format(R"({{"id":"1","prompt_token_ids":{}}})", value)),
                HasSubstr("line 2: prompt_token_ids"));
  }
}

}  // namespace
}  // namespace spyre::engine
