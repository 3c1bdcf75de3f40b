#include "hub/selection.h"

#include <gmock/gmock.h>

namespace spyre::hub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Paths = std::vector<std::string>;

Result<Selection> select(const Paths& paths, const std::string& gguf = "") {
  return select_files(paths, {.repo = "org/name", .gguf = gguf});
}

TEST(Selection, AFolderIsConfigTokenizerAndSafetensors) {
  const auto chosen = select({"README.md", "config.json", "tokenizer.json", "model.safetensors",
                              "pytorch_model.bin", "onnx/model.onnx", "tf_model.h5",
                              "original/consolidated.00.pth", "chat_template.jinja", "image.png"});
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_THAT(chosen->files, ElementsAre("chat_template.jinja", "config.json", "tokenizer.json",
                                         "model.safetensors"));
  EXPECT_EQ(chosen->gguf, "");
}

TEST(Selection, ShardsComeWithTheirIndex) {
  const Paths paths = {"config.json", "model-00001-of-00002.safetensors",
                       "model-00002-of-00002.safetensors", "model.safetensors.index.json",
                       "consolidated.safetensors"};
  EXPECT_THAT(select(paths)->files,
              ElementsAre("config.json", "model.safetensors.index.json",
                          "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"));
  const auto missing = select({"config.json", "model-00001-of-00002.safetensors"});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("one of 2 parts, 1 are there"));
}

TEST(Selection, OneFileGoesBeforeItsShards) {
  EXPECT_THAT(select({"config.json", "model.safetensors", "model.safetensors.index.json",
                      "model-00001-of-00001.safetensors"})
                  ->files,
              ElementsAre("config.json", "model.safetensors"));
}

TEST(Selection, OtherSafetensorsAreTakenWhenTheUsualAreMissing) {
  EXPECT_THAT(
      select({"config.json", "gptq_model-4bit-128g.safetensors", "quantize_config.json"})->files,
      ElementsAre("config.json", "quantize_config.json", "gptq_model-4bit-128g.safetensors"));
}

TEST(Selection, EmbeddingModelsBringTheirModules) {
  EXPECT_THAT(select({"modules.json", "1_Pooling/config.json", "2_Dense/model.safetensors",
                      "config.json", "model.safetensors", "openvino/config.json"})
                  ->files,
              ElementsAre("1_Pooling/config.json", "2_Dense/model.safetensors", "config.json",
                          "modules.json", "model.safetensors"));
}

TEST(Selection, TextComesWithoutWeights) {
  const auto text = [](const Paths& paths) {
    return select_files(paths, {.repo = "org/name", .gguf = ""}, Parts::kText);
  };
  EXPECT_THAT(text({"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors",
                    "pytorch_model.bin", "chat_template.jinja"})
                  ->files,
              ElementsAre("chat_template.jinja", "tokenizer.json", "tokenizer_config.json"));
  EXPECT_EQ(text({"tokenizer.json", "m.gguf"})->gguf, "");
  EXPECT_EQ(text({"README.md", "m.gguf"})->gguf, "m.gguf");
  EXPECT_THAT(text({"config.json", "model.safetensors"}).error().message,
              HasSubstr("tokenizer.json"));
}

TEST(Selection, OtherContainersAreNotSupported) {
  const auto none = select({"config.json", "pytorch_model.bin"});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::kUnsupported);
  EXPECT_THAT(none.error().message, HasSubstr("safetensors"));
  EXPECT_THAT(select({"model.safetensors"}).error().message, HasSubstr("config.json"));
}

TEST(Selection, AQuantisationIsAWholeWord) {
  const Paths paths = {"m-Q4_0.gguf", "m-Q4_0_4_4.gguf", "m-IQ4_0.gguf",
                       "m.Q8_0.gguf", "BF16/m.gguf",     "mmproj-Q4_0.gguf"};
  EXPECT_EQ(select(paths, "Q4_0")->gguf, "m-Q4_0.gguf");
  EXPECT_EQ(select(paths, "q8_0")->gguf, "m.Q8_0.gguf");
  EXPECT_EQ(select(paths, "bf16")->gguf, "BF16/m.gguf");
  EXPECT_EQ(select(paths, "m-IQ4_0.gguf")->gguf, "m-IQ4_0.gguf");
  EXPECT_EQ(select(paths, "m.gguf")->gguf, "BF16/m.gguf");
  const auto none = select(paths, "Q5_K_M");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::kNotFound);
  EXPECT_THAT(none.error().message, HasSubstr("m-Q4_0.gguf"));
}

TEST(Selection, SeveralFittingFilesAreAnError) {
  const auto both = select({"a-Q4_0.gguf", "b-Q4_0.gguf"}, "Q4_0");
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().code, Code::kInvalidArgument);
  EXPECT_THAT(both.error().message, HasSubstr("a-Q4_0.gguf, b-Q4_0.gguf"));
}

TEST(Selection, AGgufRepositoryHasADefault) {
  EXPECT_EQ(select({"README.md", "m-Q8_0.gguf"})->gguf, "m-Q8_0.gguf");
  EXPECT_EQ(select({"m-Q8_0.gguf", "m-Q4_K_M.gguf"})->gguf, "m-Q4_K_M.gguf");
  EXPECT_THAT(select({"m-Q8_0.gguf", "m-Q6_K.gguf"}).error().message, HasSubstr("m-Q6_K.gguf"));
}

TEST(Selection, ASplitGgufComesWhole) {
  const Paths paths = {"Q8_0/m-00002-of-00002.gguf", "Q8_0/m-00001-of-00002.gguf", "n-Q4_0.gguf"};
  const auto chosen = select(paths, "Q8_0");
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_EQ(chosen->gguf, "Q8_0/m-00001-of-00002.gguf");
  EXPECT_EQ(chosen->files.size(), 2u);
  EXPECT_EQ(select({"m-00001-of-00003.gguf", "m-00003-of-00003.gguf"}).error().code,
            Code::kDataLoss);
}

}  // namespace
}  // namespace spyre::hub
