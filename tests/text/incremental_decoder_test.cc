#include "text/incremental_decoder.h"

#include <gtest/gtest.h>

#include <random>

#include "text/reference.h"

namespace spyre::text {
namespace {

using Ids = std::vector<int32_t>;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

IncrementalDecoder decoder(const Tokenizer& tokenizer, bool skip, std::span<const int32_t> prompt) {
  return value_of(IncrementalDecoder::create(tokenizer, skip, prompt));
}

TEST(IncrementalDecoder, GivesThePiecesOfTheReference) {
  for (const auto& folder : reference_folders("tokenizers")) {
    SCOPED_TRACE(folder.filename());
    const Tokenizer tokenizer = value_of(Tokenizer::load(folder));
    for (const Json& stream : read_json(folder / "expected.json")["stream"]) {
      SCOPED_TRACE(stream["text"].get<std::string>());
      IncrementalDecoder pieces = decoder(tokenizer, true, {});
      std::vector<std::string> found;
      for (const int32_t id : stream["ids"].get<Ids>()) found.push_back(value_of(pieces.push(id)));
      EXPECT_EQ(found, stream["pieces"].get<std::vector<std::string>>());
      EXPECT_EQ(pieces.flush(), stream["rest"].get<std::string>());
    }
  }
}

TEST(IncrementalDecoder, ShowsTheSpecialTokensThatItIsTold) {
  for (const char* model : {"bpe_llama3", "bpe_llama2"}) {
    SCOPED_TRACE(model);
    const Tokenizer tokenizer = value_of(Tokenizer::load(std::filesystem::path(SPYRE_SOURCE_DIR) /
                                                         "tests/reference/tokenizers" / model));
    const int32_t mark = tokenizer.bos_id().value();
    const int32_t other = tokenizer.eos_id().value();
    Ids ids = {other, mark};
    for (const int32_t id : value_of(tokenizer.encode("a b", false))) ids.push_back(id);
    ids.push_back(other);
    const auto text = [&](std::span<const int32_t> shown) {
      auto pieces = value_of(IncrementalDecoder::create(tokenizer, true, {}, shown));
      std::string joined;
      for (const int32_t id : ids) joined += value_of(pieces.push(id));
      return joined + pieces.flush();
    };
    const std::string without = text({});
    const std::string with = text(std::span(&mark, 1));
    const std::string spelled = value_of(tokenizer.token_text(mark));
    EXPECT_EQ(without, "a b");
    EXPECT_TRUE(with == spelled + "a b" || with == spelled + " a b") << with;
  }
}

// Random ids make every kind of broken UTF-8; byte tokens of SentencePiece are left out, as a run
// of them that goes wrong late changes text that is out already.
TEST(IncrementalDecoder, PiecesJoinToTheDecodedText) {
  for (const auto& folder : reference_folders("tokenizers")) {
    SCOPED_TRACE(folder.filename());
    const Tokenizer tokenizer = value_of(Tokenizer::load(folder));
    std::mt19937 random(7);
    std::uniform_int_distribution<int32_t> any(0, static_cast<int32_t>(tokenizer.vocab_size()) + 3);
    for (const bool skip : {false, true}) {
      Ids ids;
      std::string joined;
      IncrementalDecoder pieces = decoder(tokenizer, skip, {});
      while (ids.size() < 500) {
        const int32_t id = any(random);
        if (tokenizer.token_id("<0x00>") && value_of(tokenizer.token_text(id)).size() == 1)
          continue;
        ids.push_back(id);
        const std::string piece = value_of(pieces.push(id));
        EXPECT_FALSE(piece.ends_with(kReplacement));
        joined += piece;
      }
      joined += pieces.flush();
      EXPECT_EQ(joined, value_of(tokenizer.decode(ids, skip)));
    }
  }
}

TEST(IncrementalDecoder, ALateWrongByteTakesNothingBack) {
  const Tokenizer tokenizer = value_of(Tokenizer::load(kReference / "tokenizers/bpe_llama2"));
  const auto byte = [&](int value) {
    return *tokenizer.token_id(fmt::format("<0x{:02X}>", value));
  };
  IncrementalDecoder pieces = decoder(tokenizer, true, {});
  std::string joined;
  for (const int value : {0xF0, 0x9F, 0x98, 0x80, 0xC3})
    joined += value_of(pieces.push(byte(value)));
  EXPECT_EQ(joined, "😀");
  joined += value_of(pieces.push(*tokenizer.token_id("l")));
  EXPECT_EQ(joined, fmt::format("😀{}l", kReplacement));
}

TEST(IncrementalDecoder, GoesOnWhereThePromptEnds) {
  const Tokenizer pieces = value_of(Tokenizer::load(kReference / "tokenizers/bpe_llama2"));
  const Ids prompt = value_of(pieces.encode("The quick", true));
  const int32_t the = *pieces.token_id("▁the");
  EXPECT_EQ(value_of(decoder(pieces, true, prompt).push(the)), " the");
  EXPECT_EQ(value_of(decoder(pieces, true, {}).push(the)), "the");
  EXPECT_EQ(value_of(decoder(pieces, true, Ids{1}).push(the)), "the") << "BOS is skipped";

  for (const char* name : {"bpe_llama2", "bpe_llama3"}) {
    const Tokenizer tokenizer = value_of(Tokenizer::load(kReference / "tokenizers" / name));
    Ids ids = value_of(tokenizer.encode("a🪐", false));
    const int32_t last = ids.back();
    ids.pop_back();
    IncrementalDecoder character = decoder(tokenizer, true, ids);
    EXPECT_EQ(value_of(character.push(last)), "🪐") << "a character that the prompt began";
    IncrementalDecoder broken = decoder(tokenizer, true, ids);
    const int32_t letter = value_of(tokenizer.encode("xl", false)).back();
    EXPECT_EQ(value_of(broken.push(letter)), "l") << "and one that it left broken";
  }
}

TEST(IncrementalDecoder, ALongRunOfWrongBytesEndsUpInTheText) {
  for (const char* name : {"bpe_llama2", "bpe_llama3"}) {
    const Tokenizer tokenizer = value_of(Tokenizer::load(kReference / "tokenizers" / name));
    const auto byte = tokenizer.token_id("<0x80>");
    const int32_t wrong = byte ? *byte : value_of(tokenizer.encode("\xc2\x80", false)).back();
    IncrementalDecoder pieces = decoder(tokenizer, true, {});
    std::string joined;
    for (int i = 0; i < 10'000; ++i) joined += value_of(pieces.push(wrong));
    joined += pieces.flush();
    EXPECT_EQ(joined.size(), 10'000 * kReplacement.size());
    EXPECT_EQ(pieces.flush(), "");
  }
}

TEST(IncrementalDecoder, IdsOutsideAndNegativeOnes) {
  const Tokenizer tokenizer = value_of(Tokenizer::load(kReference / "tokenizers/bpe_llama3"));
  IncrementalDecoder pieces = decoder(tokenizer, true, Ids{100'000});
  EXPECT_EQ(value_of(pieces.push(INT32_MAX)), "");
  EXPECT_EQ(pieces.push(-1).error().code, Code::kInvalidArgument);
  EXPECT_EQ(value_of(pieces.push(64)), "a") << "an error changes nothing";
  EXPECT_FALSE(IncrementalDecoder::create(tokenizer, true, Ids{-5}));
}

TEST(IncrementalDecoder, OutlivesItsTokenizer) {
  auto tokenizer =
      std::make_unique<Tokenizer>(value_of(Tokenizer::load(kReference / "tokenizers/bpe_llama3")));
  IncrementalDecoder pieces = decoder(*tokenizer, true, {});
  tokenizer.reset();
  EXPECT_EQ(value_of(pieces.push(64)), "a");
}

}  // namespace
}  // namespace spyre::text
