#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/chat_template.h"
#include "text/reference.h"
#include "text/tokenizer.h"

namespace spyre::text {
namespace {

using ::testing::HasSubstr;

using Ids = std::vector<int32_t>;

// Byte-level BPE over a, b, blank: "ab" is a token by its merge.
Json bpe() {
  return {{"tokenizer.ggml.model", "gpt2"},
          {"tokenizer.ggml.pre", "gpt-2"},
          {"tokenizer.ggml.tokens", {"<s>", "</s>", "a", "b", "Ġ", "ab", "<user>", "a"}},
          {"tokenizer.ggml.token_type", {3, 3, 1, 1, 1, 1, 4, 5}},
          {"tokenizer.ggml.merges", {"a b"}},
          {"tokenizer.ggml.bos_token_id", 0},
          {"tokenizer.ggml.eos_token_id", 1}};
}

// SentencePiece: blanks U+2581, pieces by score, byte tokens.
Json sentencepiece() {
  return {{"tokenizer.ggml.model", "llama"},
          {"tokenizer.ggml.tokens",
           {"<unk>", "<s>", "</s>", "<0x21>", "▁", "a", "b", "▁a", "ab", "▁ab", "▁▁"}},
          {"tokenizer.ggml.token_type", {2, 3, 3, 6, 1, 1, 1, 1, 1, 1, 4}},
          {"tokenizer.ggml.scores", {0, 0, 0, 0, -9, -8, -7, -3, -2, -1, 0}},
          {"tokenizer.ggml.bos_token_id", 1},
          {"tokenizer.ggml.eos_token_id", 2},
          {"tokenizer.ggml.unknown_token_id", 0}};
}

// WordPiece as GGUF stores it: U+2581 begins a word.
Json wordpiece() {
  return {{"tokenizer.ggml.model", "bert"},
          {"tokenizer.ggml.tokens", {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁word", "s", "▁."}},
          {"tokenizer.ggml.token_type", {3, 3, 3, 3, 1, 1, 1}},
          {"tokenizer.ggml.bos_token_id", 2},
          {"tokenizer.ggml.seperator_token_id", 3},
          {"tokenizer.ggml.unknown_token_id", 1}};
}

Json with(Json metadata, const char* key, Json value) {
  metadata[std::string("tokenizer.") + key] = std::move(value);
  return metadata;
}

Ids encode(const Json& metadata, std::string_view text, bool special = false) {
  return value_of(value_of(Tokenizer::from_gguf(metadata)).encode(text, special));
}

TEST(Gguf, ByteLevelBpe) {
  EXPECT_EQ(encode(bpe(), "ab a<user></s>"), (Ids{5, 4, 2, 6, 1}));
  EXPECT_EQ(encode(bpe(), "b", true), (Ids{3})) << "gpt-2 adds no BOS by itself";
  EXPECT_EQ(encode(with(bpe(), "ggml.add_bos_token", true), "b", true), (Ids{0, 3}));
  EXPECT_EQ(encode(with(bpe(), "ggml.pre", "llama-bpe"), "b", true), (Ids{0, 3}));
  const Json both = with(with(bpe(), "ggml.add_bos_token", true), "ggml.add_eos_token", true);
  EXPECT_EQ(encode(both, "b", true), (Ids{0, 3, 1}));
  const Tokenizer tokenizer = value_of(Tokenizer::from_gguf(bpe()));
  EXPECT_EQ(value_of(tokenizer.decode(Ids{0, 5, 4, 6}, true)), "ab <user>");
  EXPECT_EQ(value_of(tokenizer.token_text(4)), " ");
}

TEST(Gguf, SentencePiece) {
  EXPECT_EQ(encode(sentencepiece(), "ab!", true), (Ids{1, 9, 3}));
  EXPECT_EQ(encode(sentencepiece(), "b ab</s>"), (Ids{4, 6, 9, 2}));
  EXPECT_EQ(encode(with(sentencepiece(), "ggml.add_space_prefix", false), "ab"), (Ids{8}));
  EXPECT_EQ(encode(with(sentencepiece(), "ggml.add_space_prefix", false), "a  b"), (Ids{5, 10, 6}))
      << "user-defined blanks";
  EXPECT_EQ(encode(with(sentencepiece(), "ggml.add_bos_token", false), "ab", true), (Ids{9}));
  const Tokenizer tokenizer = value_of(Tokenizer::from_gguf(sentencepiece()));
  EXPECT_EQ(value_of(tokenizer.decode(Ids{1, 9, 3, 7}, true)), "ab! a");
}

TEST(Gguf, PhisTurnsSwallowBlanks) {
  Json metadata = sentencepiece();
  for (const char* turn : {"<|user|>", "<|assistant|>", "<|end|>"}) {
    metadata["tokenizer.ggml.tokens"].push_back(turn);
    metadata["tokenizer.ggml.token_type"].push_back(3);
    metadata["tokenizer.ggml.scores"].push_back(0);
  }
  EXPECT_EQ(encode(metadata, "<|user|>\n ab"), (Ids{11, 9}));
}

TEST(Gguf, WordPiece) {
  EXPECT_EQ(encode(wordpiece(), "Words word.", true), (Ids{2, 4, 5, 4, 6, 3}));
  EXPECT_EQ(encode(wordpiece(), "words x"), (Ids{4, 5, 1}));
  const Json cased = with(wordpiece(), "ggml.normalizer.lowercase", false);
  EXPECT_EQ(encode(cased, "Word"), (Ids{1}));
  const Tokenizer tokenizer = value_of(Tokenizer::from_gguf(wordpiece()));
  EXPECT_EQ(value_of(tokenizer.decode(Ids{2, 4, 5, 6, 3}, true)), "words.");
  const auto pair = value_of(tokenizer.encode_pair("word", "words", true));
  EXPECT_EQ(pair.ids, (Ids{2, 4, 3, 4, 5, 3}));
  EXPECT_EQ(pair.type_ids, (Ids{0, 0, 0, 1, 1, 1}));
}

TEST(Gguf, StopTokensOfTheFile) {
  const Tokenizer tokenizer = value_of(Tokenizer::from_gguf(with(bpe(), "ggml.eot_token_id", 6)));
  EXPECT_EQ(tokenizer.bos_id(), 0);
  EXPECT_EQ(tokenizer.eos_id(), 1);
  EXPECT_EQ(tokenizer.stop_ids(), (Ids{1, 6}));
}

TEST(Gguf, WrongMetadataSaysWhichKey) {
  const auto message = [](const Json& metadata, Code code) {
    const auto made = Tokenizer::from_gguf(metadata);
    EXPECT_FALSE(made);
    if (made) return std::string("no error");
    EXPECT_EQ(made.error().code, code) << made.error().message;
    return made.error().message;
  };
  EXPECT_THAT(message(Json::object(), Code::kDataLoss), HasSubstr("tokenizer.ggml.tokens"));
  EXPECT_THAT(message(Json::array(), Code::kInvalidArgument), HasSubstr("object"));
  EXPECT_THAT(message(with(bpe(), "ggml.model", "t5"), Code::kUnsupported), HasSubstr("t5"));
  EXPECT_THAT(message(with(bpe(), "ggml.pre", "nobody"), Code::kUnsupported), HasSubstr("nobody"));
  EXPECT_THAT(message(with(bpe(), "ggml.tokens", {"a", 5}), Code::kDataLoss),
              HasSubstr("tokenizer.ggml.tokens: wanted a list of strings"));
  EXPECT_THAT(message(with(bpe(), "ggml.token_type", {1}), Code::kDataLoss),
              HasSubstr("wanted 8 entries, one per token, found 1"));
  EXPECT_THAT(message(with(bpe(), "ggml.merges", {"ab"}), Code::kDataLoss),
              HasSubstr("tokenizer.ggml.merges[0]"));
  EXPECT_THAT(message(with(bpe(), "ggml.merges", {"a x"}), Code::kDataLoss), HasSubstr("\"x\""));
  EXPECT_THAT(message(with(bpe(), "ggml.merges", nullptr), Code::kDataLoss), HasSubstr("merges"));
  EXPECT_THAT(message(with(bpe(), "ggml.bos_token_id", 8), Code::kDataLoss),
              HasSubstr("tokenizer.ggml.bos_token_id: wanted a token id below 8, found 8"));
  EXPECT_THAT(message(with(bpe(), "ggml.add_bos_token", "yes"), Code::kDataLoss),
              HasSubstr("true or false"));
  EXPECT_THAT(message(with(sentencepiece(), "ggml.scores", {1}), Code::kDataLoss),
              HasSubstr("tokenizer.ggml.scores"));
  EXPECT_THAT(message(with(sentencepiece(), "ggml.scores", nullptr), Code::kDataLoss),
              HasSubstr("scores"));
}

TEST(Gguf, ChatTemplates) {
  const Json hello = {{{"role", "user"}, {"content", "hi"}}};
  EXPECT_FALSE(value_of(ChatTemplate::from_gguf(bpe())));
  const Json one =
      with(bpe(), "chat_template", "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}");
  EXPECT_EQ(value_of(value_of(ChatTemplate::from_gguf(one))->render({.messages = hello})),
            "<s>hi</s>");
  const auto two = value_of(ChatTemplate::from_gguf(with(one, "chat_template.tool_use", "tools")));
  EXPECT_EQ(value_of(two->render({.messages = hello})), "<s>hi</s>");
  EXPECT_EQ(value_of(two->render({.messages = hello, .tools = Json::array()})), "tools");
  EXPECT_FALSE(ChatTemplate::from_gguf(with(bpe(), "chat_template", 5)));
}

}  // namespace
}  // namespace spyre::text
