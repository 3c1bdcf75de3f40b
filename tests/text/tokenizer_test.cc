#include "text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "text/reference.h"

namespace spyre::text {
namespace {

using ::testing::HasSubstr;

using Id = std::vector<int32_t>;

Tokenizer reference(std::string_view name) {
  return value_of(Tokenizer::load(kReference / "tokenizers" / name));
}

TEST(Tokenizer, EncodesAsTheReference) {
  for (const auto& folder : reference_folders("tokenizers")) {
    SCOPED_TRACE(folder.filename());
    const Tokenizer tokenizer = value_of(Tokenizer::load(folder));
    const Json expected = read_json(folder / "expected.json");
    EXPECT_EQ(tokenizer.vocab_size(), expected["vocab_size"].get<int64_t>());
    for (const Json& one : expected["encode"]) {
      const auto text = one["text"].get<std::string>();
      SCOPED_TRACE(text);
      EXPECT_EQ(value_of(tokenizer.encode(text, false)), one["ids"].get<Id>());
      const Id ids = value_of(tokenizer.encode(text, true));
      EXPECT_EQ(ids, one["ids_special"].get<Id>());
      EXPECT_EQ(value_of(tokenizer.decode(ids, false)), one["decoded"].get<std::string>());
      EXPECT_EQ(value_of(tokenizer.decode(ids, true)),
                one["decoded_skip_special"].get<std::string>());
    }
  }
}

TEST(Tokenizer, EncodesPairsAsTheReference) {
  for (const auto& folder : reference_folders("tokenizers")) {
    SCOPED_TRACE(folder.filename());
    const Tokenizer tokenizer = value_of(Tokenizer::load(folder));
    const Json expected = read_json(folder / "expected.json");
    for (const Json& pair : expected["pairs"]) {
      const auto encoded = value_of(
          tokenizer.encode_pair(pair["a"].get<std::string>(), pair["b"].get<std::string>(), true));
      EXPECT_EQ(encoded.ids, pair["ids"].get<Id>());
      EXPECT_EQ(encoded.type_ids, pair["type_ids"].get<Id>());
    }
  }
}

TEST(Tokenizer, DecodesAnyIdsAsTheReference) {
  for (const auto& folder : reference_folders("tokenizers")) {
    SCOPED_TRACE(folder.filename());
    const Tokenizer tokenizer = value_of(Tokenizer::load(folder));
    const Json expected = read_json(folder / "expected.json");
    for (const Json& one : expected["decode"]) {
      const Id ids = one["ids"].get<Id>();
      EXPECT_EQ(value_of(tokenizer.decode(ids, false)), one["decoded"].get<std::string>());
      EXPECT_EQ(value_of(tokenizer.decode(ids, true)),
                one["decoded_skip_special"].get<std::string>());
    }
  }
}

TEST(Tokenizer, KnowsItsSpecialTokens) {
  for (const auto& folder : reference_folders("tokenizers")) {
    SCOPED_TRACE(folder.filename());
    const Tokenizer tokenizer = value_of(Tokenizer::load(folder));
    const Json special = read_json(folder / "expected.json")["special_ids"];
    const auto id = [&](const char* role) -> std::optional<int32_t> {
      if (!special.contains(role)) return std::nullopt;
      return special[role].get<int32_t>();
    };
    EXPECT_EQ(tokenizer.bos_id(), id("bos_token"));
    EXPECT_EQ(tokenizer.eos_id(), id("eos_token"));
    EXPECT_EQ(tokenizer.stop_ids(), id("eos_token") ? Id{*id("eos_token")} : Id{});
  }
  const Tokenizer qwen = reference("bpe_qwen2");
  EXPECT_EQ(qwen.token_id("<|im_end|>"), 406);
  EXPECT_EQ(qwen.token_id("no such token"), std::nullopt);
  EXPECT_EQ(qwen.token_id("\xff"), std::nullopt);
}

TEST(Tokenizer, TokenTextIsBytesAsTheyAre) {
  const Tokenizer bytes = reference("bpe_smollm");
  const Id ids = value_of(bytes.encode("x 你", false));
  std::string joined;
  for (const int32_t id : ids) joined += value_of(bytes.token_text(id));
  EXPECT_EQ(joined, "x 你");

  const Tokenizer pieces = reference("bpe_llama2");
  joined.clear();
  for (const int32_t id : value_of(pieces.encode("x 😀", false))) {
    joined += value_of(pieces.token_text(id));
  }
  EXPECT_EQ(joined, " x 😀");
  EXPECT_EQ(value_of(pieces.token_text(2)), "</s>");
  EXPECT_EQ(value_of(pieces.token_text(1 << 30)), "");
  EXPECT_EQ(pieces.token_text(-1).error().code, Code::kInvalidArgument);
}

TEST(Tokenizer, RefusesWhatIsNotUtf8) {
  const Tokenizer tokenizer = reference("bpe_llama3");
  const auto encoded = tokenizer.encode("ab\xff", false);
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().code, Code::kInvalidArgument);
  EXPECT_THAT(encoded.error().message, HasSubstr("UTF-8"));
  EXPECT_THAT(encoded.error().message, HasSubstr("at 2"));
  EXPECT_FALSE(tokenizer.encode_pair("a", "\xc3", false));
}

TEST(Tokenizer, NulAndIdsOutsideAreHandled) {
  const Tokenizer tokenizer = reference("bpe_llama3");
  const std::string text("a\0b", 3);
  EXPECT_EQ(value_of(tokenizer.decode(value_of(tokenizer.encode(text, false)), false)), text);
  EXPECT_EQ(value_of(tokenizer.decode(Id{64, 100'000, INT32_MAX, 64}, false)), "aa");
  const auto negative = tokenizer.decode(Id{64, -1}, false);
  ASSERT_FALSE(negative);
  EXPECT_EQ(negative.error().code, Code::kInvalidArgument);
  EXPECT_THAT(negative.error().message, HasSubstr("-1"));
}

TEST(Tokenizer, MissingAndDamagedFilesAreErrors) {
  const ScratchFolder folder;
  const auto missing = Tokenizer::load(folder.path());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("tokenizer.json"));

  folder.write("tokenizer.json", "{\"version\": 1");
  const auto damaged = Tokenizer::load(folder.path());
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Code::kDataLoss);
  EXPECT_THAT(damaged.error().message, HasSubstr("tokenizer.json"));

  std::filesystem::remove(folder.path() / "tokenizer.json");
  folder.copy(kReference / "tokenizers/bpe_llama3/tokenizer.json");
  EXPECT_TRUE(Tokenizer::load(folder.path())) << "the other files may be missing";
  folder.write("tokenizer_config.json", "[]");
  const auto config = Tokenizer::load(folder.path());
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("tokenizer_config.json: wanted an object"));
}

TEST(Tokenizer, ConfigAddsTokensThatTheTokenizerLacks) {
  const ScratchFolder folder;
  folder.copy(kReference / "tokenizers/bpe_llama3/tokenizer.json");
  folder.write("tokenizer_config.json", R"({
    "bos_token": {"content": "<|begin_of_text|>"}, "eos_token": "<extra_eos>",
    "added_tokens_decoder": {"397": {"content": "<extra>", "special": false, "lstrip": true}}})");
  const Tokenizer tokenizer = value_of(Tokenizer::load(folder.path()));
  EXPECT_EQ(tokenizer.bos_id(), 390);
  EXPECT_EQ(tokenizer.token_id("<extra>"), 397);
  EXPECT_EQ(tokenizer.eos_id(), 398);
  EXPECT_EQ(value_of(tokenizer.encode("a <extra><extra_eos>", false)), (Id{64, 397, 398}));
  EXPECT_EQ(value_of(tokenizer.decode(Id{64, 397, 398}, true)), "a<extra>");

  folder.write("tokenizer_config.json", R"({"added_tokens_decoder": {"x": {"content": "<e>"}}})");
  EXPECT_THAT(Tokenizer::load(folder.path()).error().message, HasSubstr("\"x\""));
}

TEST(Tokenizer, LlamaClassesFollowTheAddFlags) {
  const ScratchFolder folder;
  folder.copy(kReference / "tokenizers/bpe_llama2/tokenizer.json");
  const auto ends = [&](std::string_view flags) -> std::pair<bool, bool> {
    folder.write("tokenizer_config.json",
                 fmt::format(R"({{"bos_token": "<s>", "eos_token": "</s>", {}}})", flags));
    const Tokenizer tokenizer = value_of(Tokenizer::load(folder.path()));
    const Id ids = value_of(tokenizer.encode("a", true));
    return {ids.front() == 1, ids.back() == 2};
  };
  using Ends = std::pair<bool, bool>;
  const std::string llama = R"("tokenizer_class": "LlamaTokenizer")";
  EXPECT_EQ(ends(llama), Ends(true, false));
  EXPECT_EQ(ends(llama + R"(, "add_bos_token": false)"), Ends(false, false));
  EXPECT_EQ(ends(llama + R"(, "add_bos_token": true, "add_eos_token": true)"), Ends(true, true));
  EXPECT_EQ(ends(R"("tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": false)"),
            Ends(true, false));
}

TEST(Tokenizer, IsUsedFromManyThreads) {
  const Tokenizer tokenizer = reference("bpe_qwen2");
  const Id wanted = value_of(tokenizer.encode("The quick brown fox, 你好 123", true));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        EXPECT_EQ(value_of(tokenizer.encode("The quick brown fox, 你好 123", true)), wanted);
      }
    });
  }
}

}  // namespace
}  // namespace spyre::text
