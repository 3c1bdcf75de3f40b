#include "cli/tokenizer_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace spyre::cli {
namespace {

const std::filesystem::path kReference =
    std::filesystem::path(SPYRE_SOURCE_DIR) / "tests/reference";

TEST(TokenizerInfo, IsTheFoldersConfiguration) {
  const TemporaryFolder folder;
  folder.write("tokenizer_config.json", R"({
    "bos_token": {"__type": "AddedToken", "content": "<s>", "lstrip": false},
    "eos_token": "</s>", "vocab_file": "/models/a/vocab.json", "model_max_length": 512,
    "added_tokens_decoder": {"0": {"content": "<s>", "special": true}},
    "tokenizer_class": "LlamaTokenizer"})");
  const Json info = read_tokenizer_info(folder.path(), std::nullopt).value();
  EXPECT_EQ(info, Json::parse(R"({
    "bos_token": "<s>", "eos_token": "</s>", "model_max_length": 512,
    "added_tokens_decoder": {"0": "<s>"}, "tokenizer_class": "LlamaTokenizer"})"));
  folder.write("chat_template.jinja", "{{ messages }}");
  EXPECT_EQ(read_tokenizer_info(folder.path(), std::nullopt).value()["chat_template"],
            "{{ messages }}");
  EXPECT_EQ(read_tokenizer_info(folder.path(), "another").value()["chat_template"], "another");
}

TEST(TokenizerInfo, WorksWithoutAConfigurationAndNotWithADamagedOne) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_tokenizer_info(folder.path(), std::nullopt).value(),
            Json({{"tokenizer_class", "PreTrainedTokenizerFast"}}));
  folder.write("tokenizer_config.json", "[]");
  EXPECT_FALSE(read_tokenizer_info(folder.path(), std::nullopt));
  folder.write("tokenizer_config.json", "{");
  EXPECT_FALSE(read_tokenizer_info(folder.path(), std::nullopt));
}

TEST(TokenizerInfo, OfAGgufFileIsWhatItsMetadataGives) {
  const Json info =
      read_tokenizer_info(kReference / "gguf/gguf_q4_q5/model.gguf", std::nullopt).value();
  const Json folder = read_tokenizer_info(kReference / "gguf/gguf_q4_q5", std::nullopt).value();
  for (const char* key : {"bos_token", "eos_token", "chat_template"}) {
    EXPECT_EQ(info[key], folder[key]) << key;
  }
  const Json odd = gguf_tokenizer_info({{"tokenizer.ggml.tokens", {"a", "b"}},
                                        {"tokenizer.ggml.bos_token_id", 2},
                                        {"tokenizer.ggml.eos_token_id", 1},
                                        {"tokenizer.ggml.padding_token_id", "b"}});
  EXPECT_EQ(odd, Json({{"eos_token", "b"}, {"tokenizer_class", "PreTrainedTokenizerFast"}}));
}

}  // namespace
}  // namespace spyre::cli
