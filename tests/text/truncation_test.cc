#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "text/reference.h"
#include "text/tokenizer.h"

namespace spyre::text {
namespace {

using testing::HasSubstr;
using Id = std::vector<int32_t>;

Tokenizer reference(std::string_view name) {
  return value_of(Tokenizer::load(kReference / "tokenizers" / name));
}

Truncation at_most(int64_t max_tokens, Truncation::Side side = Truncation::Side::kRight) {
  return {.max_tokens = max_tokens, .side = side};
}

TEST(Truncation, GivesEncodersTheirIds) {
  for (const auto& folder : reference_folders("encoders")) {
    SCOPED_TRACE(folder.filename());
    const Tokenizer tokenizer = value_of(Tokenizer::load(folder));
    const Json expected = read_json(folder / "expected.json");
    const auto limit = at_most(expected["max_seq_length"].get<int64_t>());
    for (const Json& item : expected["items"]) {
      const auto text = [&](const char* key) { return item[key].get<std::string>(); };
      const EncodedText encoded =
          value_of(item.contains("a") ? tokenizer.encode_pair(text("a"), text("b"), true, limit)
                                      : tokenizer.encode_within(text("text"), true, limit));
      EXPECT_EQ(encoded.ids, item["ids"].get<Id>());
      EXPECT_EQ(encoded.type_ids, item["type_ids"].get<Id>());
      EXPECT_GE(encoded.whole_tokens, static_cast<int64_t>(encoded.ids.size()));
    }
  }
}

TEST(Truncation, ChangesNothingWhereAllFits) {
  for (const auto& folder : reference_folders("tokenizers")) {
    SCOPED_TRACE(folder.filename());
    const Tokenizer tokenizer = value_of(Tokenizer::load(folder));
    const Json expected = read_json(folder / "expected.json");
    for (const Json& one : expected["encode"]) {
      const auto text = one["text"].get<std::string>();
      const Id ids = one["ids_special"].get<Id>();
      const auto count = static_cast<int64_t>(ids.size());
      for (const Truncation& limit : {Truncation{}, at_most(count), at_most(INT64_MAX)}) {
        const EncodedText encoded = value_of(tokenizer.encode_within(text, true, limit));
        EXPECT_EQ(encoded.ids, ids);
        EXPECT_EQ(encoded.whole_tokens, count);
      }
      EXPECT_EQ(value_of(tokenizer.encode_within(text, false, {})).ids, one["ids"].get<Id>());
    }
  }
}

TEST(Truncation, KeepsSpecialTokensAndOneEnd) {
  const Tokenizer tokenizer = reference("wordpiece_bert");
  const Id whole = value_of(tokenizer.encode("one two three four five six seven", true));
  const auto count = static_cast<int64_t>(whole.size());
  ASSERT_GT(count, 8);
  for (int64_t kept = 2; kept <= count; ++kept) {
    const auto right =
        value_of(tokenizer.encode_within("one two three four five six seven", true, at_most(kept)));
    const auto left = value_of(tokenizer.encode_within("one two three four five six seven", true,
                                                       at_most(kept, Truncation::Side::kLeft)));
    Id start(whole.begin(), whole.begin() + kept - 1);
    start.push_back(whole.back());
    Id end = {whole.front()};
    end.insert(end.end(), whole.end() - (kept - 1), whole.end());
    EXPECT_EQ(right.ids, start);
    EXPECT_EQ(left.ids, end);
    EXPECT_EQ(right.whole_tokens, count);
    EXPECT_EQ(left.whole_tokens, count);
  }
}

// Tokens of each text in a pair cut to `kept` tokens, special ones not counted.
std::pair<int64_t, int64_t> parts(const Tokenizer& tokenizer, const std::string& a,
                                  const std::string& b, int64_t kept) {
  constexpr int64_t kSpecial = 3;  // [CLS] a [SEP] b [SEP]
  const auto encoded = value_of(tokenizer.encode_pair(a, b, true, at_most(kept + kSpecial)));
  EXPECT_EQ(encoded.ids.size(), static_cast<size_t>(kept + kSpecial));
  const int64_t second = std::ranges::count(encoded.type_ids, 1) - 1;
  return {kept - second, second};
}

TEST(Truncation, PairsLoseFromTheLongerSideFirst) {
  const Tokenizer tokenizer = reference("wordpiece_bert");
  const auto words = [](int64_t count) {
    std::string text;
    for (int64_t i = 0; i < count; ++i) text += "! ";
    return text;
  };
  const auto three_of = [&](int64_t a, int64_t b, int64_t kept) {
    return parts(tokenizer, words(a), words(b), kept);
  };
  EXPECT_EQ(three_of(3, 10, 10), std::pair(int64_t{3}, int64_t{7}));
  EXPECT_EQ(three_of(10, 3, 10), std::pair(int64_t{7}, int64_t{3}));
  EXPECT_EQ(three_of(3, 10, 5), std::pair(int64_t{2}, int64_t{3}));
  EXPECT_EQ(three_of(10, 3, 5), std::pair(int64_t{3}, int64_t{2}));
  EXPECT_EQ(three_of(9, 9, 8), std::pair(int64_t{4}, int64_t{4}));
  EXPECT_EQ(three_of(9, 9, 0), std::pair(int64_t{0}, int64_t{0}));
}

TEST(Truncation, NeedsRoomForSpecialTokens) {
  const Tokenizer tokenizer = reference("wordpiece_bert");
  for (const int64_t limit : {int64_t{1}, int64_t{0}, int64_t{-7}}) {
    const auto encoded = tokenizer.encode_within("a b", true, at_most(limit));
    ASSERT_FALSE(encoded);
    EXPECT_EQ(encoded.error().code, Code::kInvalidArgument);
    EXPECT_THAT(encoded.error().message, HasSubstr("the 2 special tokens"));
  }
  const auto pair = tokenizer.encode_pair("a", "b", true, at_most(2));
  ASSERT_FALSE(pair);
  EXPECT_THAT(pair.error().message, HasSubstr("the 3 special tokens, found 2"));
  EXPECT_TRUE(value_of(tokenizer.encode_within("a b", false, at_most(0))).ids.empty());
  EXPECT_FALSE(tokenizer.encode_within("\xff", true, {}));
}

// Pieces that were cut off are not processed: a short limit on long pairs takes no longer.
TEST(Truncation, LongPairsAreCutQuickly) {
  const Tokenizer tokenizer = reference("wordpiece_bert");
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "! ";
  const auto encoded = value_of(tokenizer.encode_pair(text, text, true, at_most(5)));
  EXPECT_EQ(encoded.ids.size(), 5u);
  EXPECT_EQ(encoded.whole_tokens, 40'003);
}

}  // namespace
}  // namespace spyre::text
