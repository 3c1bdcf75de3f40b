#include "sample/stop_checker.h"

#include <gtest/gtest.h>

#include <random>

namespace spyre::sample {
namespace {

struct Outcome {
  std::string text;
  std::optional<std::string> hit;
  bool operator==(const Outcome&) const = default;
};

Outcome feed(const SamplingParams& params, const std::vector<std::string>& pieces) {
  StopChecker checker(params);
  Outcome outcome;
  int64_t tokens = 0;
  for (const std::string& piece : pieces) {
    const auto hit = checker.push(piece, ++tokens, outcome.text);
    if (hit) outcome.hit = std::string(*hit);
    if (hit) break;
  }
  checker.flush(outcome.text);
  return outcome;
}

TEST(StopChecker, TextPassesWhenNothingStops) {
  EXPECT_EQ(feed({}, {"a", "", "b\n"}), (Outcome{"ab\n", std::nullopt}));
  EXPECT_EQ(feed({.stop = {"xyz"}}, {"ax", "y", "b", "xy"}), (Outcome{"axybxy", std::nullopt}));
}

TEST(StopChecker, CutsBeforeOrAfterTheStopString) {
  EXPECT_EQ(feed({.stop = {"END"}}, {"some E", "N", "D more"}), (Outcome{"some ", "END"}));
  EXPECT_EQ(feed({.stop = {"END"}, .include_stop_str_in_output = true}, {"some E", "ND more"}),
            (Outcome{"some END", "END"}));
}

TEST(StopChecker, HoldsBackOnlyWhatMayBecomeAStopString) {
  StopChecker checker({.stop = {"abcd", "\n\n"}});
  std::string out;
  checker.push("xab", 1, out);
  EXPECT_EQ(out, "x");
  checker.push("c", 2, out);
  EXPECT_EQ(out, "x");
  checker.push("abc", 3, out);
  EXPECT_EQ(out, "xabc");
  checker.push("!\n", 4, out);
  EXPECT_EQ(out, "xabcabc!");
  checker.flush(out);
  EXPECT_EQ(out, "xabcabc!\n");
}

TEST(StopChecker, OverlappingBeginnings) {
  EXPECT_EQ(feed({.stop = {"aab"}}, {"a", "a", "a", "b"}), (Outcome{"a", "aab"}));
  EXPECT_EQ(feed({.stop = {"abab!"}}, {"ab", "ab", "ab", "!"}), (Outcome{"ab", "abab!"}));
}

TEST(StopChecker, TheFirstEndWinsThenTheOrderOfTheRequest) {
  EXPECT_EQ(feed({.stop = {"late", "e"}}, {"one late"}), (Outcome{"on", "e"}));
  EXPECT_EQ(feed({.stop = {"abc", "b"}}, {"xabc"}), (Outcome{"xa", "b"}));
  EXPECT_EQ(feed({.stop = {"c", "bc"}}, {"abc"}), (Outcome{"ab", "c"}));
  EXPECT_EQ(feed({.stop = {"bc", "c"}}, {"abc"}), (Outcome{"a", "bc"}));
}

TEST(StopChecker, NothingComesAfterAHit) {
  StopChecker checker({.stop = {"x"}});
  std::string out;
  ASSERT_TRUE(checker.push("ax", 1, out));
  EXPECT_FALSE(checker.push("bx", 2, out));
  checker.flush(out);
  EXPECT_EQ(out, "a");
}

TEST(StopChecker, MinTokensLetStopStringsPass) {
  const SamplingParams params{.min_tokens = 2, .stop = {"ab"}};
  EXPECT_EQ(feed(params, {"ab", "ab", "ab"}), (Outcome{"abab", "ab"}));
  // Begun before, ended after: a stop.
  EXPECT_EQ(feed(params, {"ab", "a", "b"}), (Outcome{"ab", "ab"}));
}

TEST(StopChecker, CharactersStayWhole) {
  StopChecker checker({});
  std::string out;
  checker.push("\xf0\x9f", 1, out);
  EXPECT_EQ(out, "");
  checker.push("\x98", 2, out);
  EXPECT_EQ(out, "");
  checker.push("\x80z\xc3", 3, out);
  EXPECT_EQ(out, "\xf0\x9f\x98\x80z");
  checker.push("\xa9", 4, out);
  EXPECT_EQ(out, "\xf0\x9f\x98\x80z\xc3\xa9");
  // Bytes that are no UTF-8 are not waited for, and an open character comes with the flush.
  checker.push("\x80\x80\x80\x80", 5, out);
  EXPECT_EQ(out.size(), 11u);
  checker.push("\xe2\x82", 6, out);
  EXPECT_EQ(out.size(), 11u);
  checker.flush(out);
  EXPECT_EQ(out.size(), 13u);
}

TEST(StopChecker, StopStringsOfManyBytesPerCharacter) {
  // Both begin with the same two bytes.
  EXPECT_EQ(feed({.stop = {"\xe2\x82\xac"}}, {"5 \xe2\x82\xab"}),
            (Outcome{"5 \xe2\x82\xab", std::nullopt}));
  EXPECT_EQ(feed({.stop = {"\xe2\x82\xac"}}, {"5 ", "\xe2\x82", "\xac."}),
            (Outcome{"5 ", "\xe2\x82\xac"}));
}

TEST(StopChecker, CopiesGoOnByThemselves) {
  StopChecker first({.stop = {"stop"}});
  std::string out;
  first.push("a st", 1, out);
  StopChecker second = first;
  std::string other = out;
  EXPECT_TRUE(first.push("op", 2, out));
  EXPECT_FALSE(second.push("ay", 2, other));
  EXPECT_EQ(out, "a ");
  EXPECT_EQ(other, "a stay");
}

// Any cut into pieces gives the same, and that is what a search by definition gives.
TEST(StopChecker, PiecesDoNotMatter) {
  std::mt19937 engine(3);
  const auto word = [&](size_t length) {
    std::string text;
    for (size_t i = 0; i < length; ++i) text += static_cast<char>('a' + engine() % 2);
    return text;
  };
  for (int round = 0; round < 3000; ++round) {
    SamplingParams params{.include_stop_str_in_output = round % 2 == 0};
    for (size_t i = 0; i < 1 + engine() % 3; ++i) params.stop.push_back(word(1 + engine() % 6));
    const std::string text = word(engine() % 30);
    std::vector<std::string> letters;
    for (const char c : text) letters.emplace_back(1, c);
    const Outcome wanted = feed(params, letters);
    std::vector<std::string> pieces;
    for (size_t begin = 0; begin < text.size();) {
      const size_t length = engine() % 5;
      pieces.push_back(text.substr(begin, length));
      begin += length;
    }
    ASSERT_EQ(feed(params, pieces), wanted) << text;
    size_t end = text.size() + 1;
    for (const std::string& stop : params.stop) {
      const size_t found = text.find(stop);
      if (found != std::string::npos) end = std::min(end, found + stop.size());
    }
    ASSERT_EQ(wanted.hit.has_value(), end <= text.size());
    if (wanted.hit && params.include_stop_str_in_output) {
      ASSERT_EQ(wanted.text, text.substr(0, end));
    }
  }
}

}  // namespace
}  // namespace spyre::sample
