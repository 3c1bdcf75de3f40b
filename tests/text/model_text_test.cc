// Whole models: their folders' tokenizer and template, from messages or text to ids.
#include <gtest/gtest.h>

#include "checkpoint/checkpoint.h"
#include "text/chat_template.h"
#include "text/reference.h"
#include "text/tokenizer.h"

namespace spyre::text {
namespace {

using Ids = std::vector<int32_t>;

void expect_prompts(const Tokenizer& tokenizer, const std::optional<ChatTemplate>& chat_template,
                    const Json& expected) {
  for (const Json& prompt : expected["text_prompts"]) {
    SCOPED_TRACE(prompt["name"].get<std::string>());
    Ids ids;
    if (prompt.contains("messages")) {
      ASSERT_TRUE(chat_template);
      const auto text = value_of(chat_template->render({.messages = prompt["messages"]}));
      EXPECT_EQ(text, prompt["rendered"].get<std::string>());
      ids = value_of(tokenizer.encode(text, false));
    } else {
      ids = value_of(tokenizer.encode(prompt["text"].get<std::string>(), true));
    }
    EXPECT_EQ(ids, prompt["ids"].get<Ids>());
    EXPECT_EQ(value_of(tokenizer.decode(ids, false)), prompt["prompt_text"].get<std::string>());
  }
}

TEST(ModelText, FoldersGiveThePromptsOfTheReference) {
  for (const char* kind : {"decoders", "quantised", "gguf"}) {
    for (const auto& folder : reference_folders(kind)) {
      SCOPED_TRACE(folder);
      const Tokenizer tokenizer = value_of(Tokenizer::load(folder));
      const auto chat_template = value_of(ChatTemplate::load(folder));
      expect_prompts(tokenizer, chat_template, read_json(folder / "expected.json"));
    }
  }
}

TEST(ModelText, GgufFilesGiveThePromptsOfTheReference) {
  for (const auto& folder : reference_folders("gguf")) {
    SCOPED_TRACE(folder);
    const auto model = value_of(checkpoint::Checkpoint::open(folder / "model.gguf"));
    const Json metadata = model->take_tokenizer_metadata().value();
    const Tokenizer tokenizer = value_of(Tokenizer::from_gguf(metadata));
    const auto chat_template = value_of(ChatTemplate::from_gguf(metadata));
    expect_prompts(tokenizer, chat_template, read_json(folder / "expected.json"));
  }
}

TEST(ModelText, GgufEmbeddersGiveTheIdsOfTheReference) {
  for (const auto& folder : reference_folders("encoders_gguf")) {
    SCOPED_TRACE(folder);
    const auto model = value_of(checkpoint::Checkpoint::open(folder / "model.gguf"));
    const Tokenizer tokenizer =
        value_of(Tokenizer::from_gguf(model->take_tokenizer_metadata().value()));
    const Json expected = read_json(folder / "expected.json");
    for (const Json& item : expected["items"]) {
      const auto text = item["text"].get<std::string>();
      const EncodedText encoded = value_of(tokenizer.encode_within(
          text, true, {.max_tokens = expected["max_seq_length"].get<int64_t>()}));
      EXPECT_EQ(encoded.ids, item["ids"].get<Ids>());
    }
  }
}

// Not only the prompts: every text of the tokenizer's own cases, both ways.
TEST(ModelText, GgufTokenizersAgreeWithTheirTokenizerJson) {
  for (const auto& folder : reference_folders("gguf")) {
    SCOPED_TRACE(folder);
    const auto model = value_of(checkpoint::Checkpoint::open(folder / "model.gguf"));
    const Tokenizer tokenizer =
        value_of(Tokenizer::from_gguf(model->take_tokenizer_metadata().value()));
    const Tokenizer wanted = value_of(Tokenizer::load(folder));
    EXPECT_EQ(tokenizer.vocab_size(), wanted.vocab_size());
    EXPECT_EQ(tokenizer.bos_id(), wanted.bos_id());
    EXPECT_EQ(tokenizer.eos_id(), wanted.eos_id());
    const Json config = read_json(folder / "expected.json");
    const auto name = config["tokenizer"].get<std::string>();
    for (const Json& one :
         read_json(kReference / "tokenizers" / name / "expected.json")["encode"]) {
      const auto text = one["text"].get<std::string>();
      SCOPED_TRACE(text);
      const Ids ids = value_of(tokenizer.encode(text, true));
      EXPECT_EQ(ids, value_of(wanted.encode(text, true)));
      for (const bool skip : {false, true}) {
        EXPECT_EQ(value_of(tokenizer.decode(ids, skip)), value_of(wanted.decode(ids, skip)));
      }
    }
  }
}

}  // namespace
}  // namespace spyre::text
