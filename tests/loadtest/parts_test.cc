// The parts that need no server: numbers, arrivals, data sets, addresses, events.
#include <gmock/gmock.h>

#include <set>

#include "loadtest/arrivals.h"
#include "loadtest/dataset.h"
#include "loadtest/response_parser.h"
#include "loadtest/sse_parser.h"
#include "loadtest/statistics.h"
#include "loadtest/url.h"

namespace spyre::loadtest {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Percentile, InterpolatesBetweenRanks) {
  // numpy.percentile([1, 2, 4, 8], q)
  const std::vector<double> values = {1, 2, 4, 8};
  EXPECT_DOUBLE_EQ(percentile(values, 0), 1);
  EXPECT_DOUBLE_EQ(percentile(values, 25), 1.75);
  EXPECT_DOUBLE_EQ(percentile(values, 50), 3);
  EXPECT_DOUBLE_EQ(percentile(values, 90), 6.8);
  EXPECT_DOUBLE_EQ(percentile(values, 99), 7.88);
  EXPECT_DOUBLE_EQ(percentile(values, 100), 8);
  EXPECT_DOUBLE_EQ(percentile(std::vector<double>{5}, 99), 5);
  EXPECT_DOUBLE_EQ(percentile({}, 99), 0);
}

TEST(Distribution, OfNoneOneAndMany) {
  const std::vector<double> percents = {50, 99};
  const Distribution none = distribution({}, percents);
  EXPECT_EQ(none.mean, 0);
  EXPECT_THAT(none.percentiles, ElementsAre(0, 0));
  const Distribution many = distribution({8, 1, 4, 2}, percents);
  EXPECT_DOUBLE_EQ(many.mean, 3.75);
  EXPECT_DOUBLE_EQ(many.median, 3);
  EXPECT_THAT(many.deviation, DoubleNear(2.680951323690902, 1e-12));  // numpy.std
  EXPECT_THAT(many.percentiles, ElementsAre(3, DoubleNear(7.88, 1e-12)));
  EXPECT_EQ(percent_name(99), "99");
  EXPECT_EQ(percent_name(99.9), "99.9");
}

TEST(Arrivals, AreDeterminedByTheSeed) {
  const ArrivalOptions options{.requests_per_second = 10, .burstiness = 0.5, .seed = 7};
  const std::vector<double> first = arrival_seconds(options, 100);
  EXPECT_EQ(first, arrival_seconds(options, 100));
  ArrivalOptions other = options;
  other.seed = 8;
  EXPECT_NE(first, arrival_seconds(other, 100));
  EXPECT_TRUE(std::ranges::is_sorted(first));
  EXPECT_GT(first.front(), 0);
  EXPECT_THAT(first.back(), DoubleNear(10, 1e-9));
}

TEST(Arrivals, AllAtOnceWithoutARate) {
  EXPECT_EQ(arrival_seconds({}, 3), std::vector<double>(3, 0.0));
  EXPECT_THAT(arrival_seconds({.requests_per_second = 1}, 0), IsEmpty());
}

TEST(Arrivals, BurstinessSpreadsTheGaps) {
  const auto deviation = [](double burstiness) {
    const auto times =
        arrival_seconds({.requests_per_second = 1, .burstiness = burstiness, .seed = 1}, 2000);
    std::vector<double> gaps;
    for (size_t i = 1; i < times.size(); ++i) gaps.push_back(times[i] - times[i - 1]);
    return distribution(gaps, {}).deviation;
  };
  EXPECT_GT(deviation(0.2), deviation(1));
  EXPECT_GT(deviation(1), deviation(100));
}

TEST(Dataset, RandomTokensFollowLengthsAndSeed) {
  const std::vector<int32_t> vocabulary = {5, 6, 7};
  RandomPrompts options{
      .count = 50, .prompt_tokens = 100, .output_tokens = 10, .range_ratio = 0.5, .seed = 3};
  const std::vector<Prompt> prompts = random_token_prompts(options, vocabulary);
  ASSERT_EQ(prompts.size(), 50u);
  std::set<int64_t> lengths;
  for (const Prompt& each : prompts) {
    EXPECT_EQ(static_cast<int64_t>(each.content.size()), each.prompt_tokens);
    EXPECT_GE(each.prompt_tokens, 50);
    EXPECT_LE(each.prompt_tokens, 150);
    EXPECT_GE(each.output_tokens, 5);
    EXPECT_LE(each.output_tokens, 15);
    for (const Json& id : each.content) EXPECT_TRUE(id >= 5 && id <= 7);
    lengths.insert(each.prompt_tokens);
  }
  EXPECT_GT(lengths.size(), 10u);
  EXPECT_EQ(random_token_prompts(options, vocabulary)[7].content, prompts[7].content);
  options.range_ratio = 0;
  EXPECT_EQ(random_token_prompts(options, vocabulary)[0].prompt_tokens, 100);
}

TEST(Dataset, RandomWordsAreText) {
  const auto prompts = random_word_prompts({.count = 2, .prompt_tokens = 3, .output_tokens = 4});
  ASSERT_EQ(prompts.size(), 2u);
  const auto text = prompts[0].content.get<std::string>();
  EXPECT_EQ(std::ranges::count(text, ' '), 2);
  EXPECT_EQ(prompts[0].prompt_tokens, 0);
}

TEST(Dataset, RandomRerankPromptsAskAndAnswer) {
  const auto prompts = random_rerank_prompts({.count = 3, .prompt_tokens = 12, .seed = 2});
  ASSERT_EQ(prompts.size(), 3u);
  EXPECT_EQ(prompts[0].content.size(), 2u);
  EXPECT_EQ(std::ranges::count(prompts[0].content[0].get<std::string>(), ' '), 2);
  EXPECT_EQ(std::ranges::count(prompts[0].content[1].get<std::string>(), ' '), 8);
  EXPECT_NE(prompts[0].content, prompts[1].content);
  const auto shortest = random_rerank_prompts({.count = 1, .prompt_tokens = 1});
  EXPECT_EQ(shortest[0].content[0], shortest[0].content[1]);
}

TEST(Dataset, CustomLinesMayBeListsOfTexts) {
  const auto prompts = custom_prompts("{\"prompt\": [\"query\", \"document\"]}", 1, 1);
  ASSERT_TRUE(prompts) << prompts.error().message;
  EXPECT_EQ((*prompts)[0].content, Json({"query", "document"}));
  EXPECT_EQ((*prompts)[0].prompt_tokens, 0);
}

TEST(Dataset, CustomLinesAreRepeatedAndCut) {
  const std::string lines =
      "{\"prompt\": \"a\", \"output_tokens\": 3}\n\n{\"prompt\": [1, 2], \"output_tokens\": 4}\r\n";
  const auto three = custom_prompts(lines, 3, 0);
  ASSERT_TRUE(three) << three.error().message;
  EXPECT_EQ((*three)[0].content, "a");
  EXPECT_EQ((*three)[1].prompt_tokens, 2);
  EXPECT_EQ((*three)[1].output_tokens, 4);
  EXPECT_EQ((*three)[2].content, "a");
  EXPECT_EQ(custom_prompts(lines, 1, 9)->size(), 1u);
  EXPECT_EQ(custom_prompts(lines, 1, 9)->front().output_tokens, 9);
}

TEST(Dataset, WrongLinesAreNamed) {
  for (const char* wrong :
       {"{\"prompt\": 3}", "{\"prompt\": \"\"}", "{\"prompt\": [-1]}", "[]", "{\"prompt\": []}",
        "{", "{\"prompt\": [\"a\", 1]}", "{\"prompt\": [\"a\", \"\"]}", "{\"text\": \"a\"}"}) {
    const auto prompts = custom_prompts(std::string("{\"prompt\": \"a\"}\n") + wrong, 10, 5);
    ASSERT_FALSE(prompts) << wrong;
    EXPECT_THAT(prompts.error().message, HasSubstr("line 2")) << wrong;
  }
  EXPECT_THAT(custom_prompts("{\"prompt\": \"a\"}", 1, 0).error().message,
              HasSubstr("output_tokens"));
  EXPECT_FALSE(custom_prompts("\n \n", 1, 5));
}

TEST(Url, IsTakenApart) {
  const auto url = parse_url("http://here:8000/prefix/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "here");
  EXPECT_EQ(url->port, "8000");
  EXPECT_EQ(url->path, "/prefix");
  EXPECT_EQ(parse_url("http://here")->authority(), "here:80");
  EXPECT_EQ(parse_url("http://[::1]:99")->host, "::1");
  EXPECT_EQ(parse_url("http://[::1]:99")->authority(), "[::1]:99");
  EXPECT_EQ(parse_url("https://here").error().code, Code::kUnsupported);
  for (const char* wrong :
       {"", "here:80", "ftp://here", "http://", "http://:80", "http://h:", "http://h:x",
        "http://[::1", "http://h:1234567", "http://a b", "http://me@here", "http://[::1]x"}) {
    EXPECT_FALSE(parse_url(wrong)) << wrong;
  }
}

std::vector<std::string> events(std::string_view text, size_t piece_bytes) {
  std::vector<std::string> found;
  SseParser parser([&](std::string_view data) { found.emplace_back(data); });
  while (!text.empty()) {
    const size_t bytes = std::min(piece_bytes, text.size());
    parser.take(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return found;
}

TEST(SseParser, PiecesDoNotMatter) {
  const std::string text =
      ": comment\n\nevent: x\nid: 1\n\ndata: one\n\ndata:two\r\ndata:  lines\r\n\r\n"
      "data\n\ndatab: not\n\ndata: [DONE]\r\rdata: unfinished\n";
  for (size_t bytes = 1; bytes <= text.size(); ++bytes) {
    EXPECT_THAT(events(text, bytes), ElementsAre("one", "two\n lines", "", "[DONE]")) << bytes;
  }
}

TEST(ResponseParser, LengthsChunksAndEnds) {
  const auto parsed = [](std::string_view text, size_t piece_bytes, bool ends) -> std::string {
    std::string body;
    ResponseParser parser([&](std::string_view piece) { body += piece; });
    std::string waiting;
    while (!text.empty()) {
      const size_t bytes = std::min(piece_bytes, text.size());
      waiting += text.substr(0, bytes);
      text.remove_prefix(bytes);
      while (const size_t taken = parser.take(waiting)) waiting.erase(0, taken);
    }
    if (ends) parser.take_end();
    if (!parser.complete()) return "unfinished";
    return fmt::format("{} {} {}", parser.status(), body, parser.keep_alive());
  };
  for (size_t bytes = 1; bytes < 90; ++bytes) {
    EXPECT_EQ(parsed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", bytes, false),
              "200 ok true");
    EXPECT_EQ(parsed("HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n"
                     "0\r\n\r\n",
                     bytes, false),
              "503 abc true");
    EXPECT_EQ(parsed("HTTP/1.0 200 OK\r\n\r\nrest", bytes, true), "200 rest false");
    EXPECT_EQ(parsed("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", bytes, true), "unfinished");
    EXPECT_EQ(parsed("nonsense", bytes, true), "unfinished");
  }
}

}  // namespace
}  // namespace spyre::loadtest
