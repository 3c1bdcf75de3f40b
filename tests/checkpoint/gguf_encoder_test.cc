#include "checkpoint/gguf_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/files.h"
#include "checkpoint/gguf_config.h"

namespace spyre::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Shape = std::vector<int64_t>;

// A BERT of eight columns: one block, two heads, three tokens, five positions.
GgufBuilder tiny_bert() {
  GgufBuilder b;
  b.text("general.architecture", "bert")
      .u32("bert.context_length", 5)
      .u32("bert.embedding_length", 8)
      .u32("bert.block_count", 1)
      .u32("bert.feed_forward_length", 6)
      .u32("bert.attention.head_count", 2)
      .f32("bert.attention.layer_norm_epsilon", 1e-12f)
      .zeros("token_embd.weight", {8, 3})
      .zeros("position_embd.weight", {8, 5});
  return b;
}

Result<ModelConfig> read(const GgufBuilder& builder) {
  const std::string bytes = builder.build();
  const auto file = parse_gguf(bytes_of(bytes), "b.gguf");
  EXPECT_TRUE(file) << message(file);
  return read_gguf_config(file->metadata, file->tensors, "b.gguf");
}

ModelConfig config(const GgufBuilder& builder) {
  auto result = read(builder);
  EXPECT_TRUE(result) << message(result);
  return result.value_or(ModelConfig{});
}

TEST(GgufEncoder, ReadsTheReference) {
  const auto opened = Checkpoint::open(reference("encoders_gguf/gguf_bert_mean/model.gguf"));
  ASSERT_TRUE(opened) << message(opened);
  const Checkpoint& checkpoint = **opened;
  const Json expected = read_json(reference("encoders_gguf/gguf_bert_mean/expected.json"));
  const ModelConfig& c = checkpoint.config();
  EXPECT_EQ(c.architecture, "BertModel");
  EXPECT_EQ(c.vocab_size, expected["config"]["vocab_size"]);
  EXPECT_EQ(c.hidden_size, 64);
  EXPECT_EQ(c.intermediate_size, 96);
  EXPECT_EQ(c.num_layers, 2);
  EXPECT_EQ(c.num_heads, 4);
  EXPECT_EQ(c.num_kv_heads, 4);
  EXPECT_EQ(c.head_dim, 16);
  EXPECT_EQ(c.max_positions, 96);
  EXPECT_EQ(c.first_position, 0);
  EXPECT_EQ(c.num_token_types, 2);
  EXPECT_EQ(c.norm_eps, 1e-12f);
  EXPECT_EQ(c.activation, ActivationFunction::kGelu);
  EXPECT_THAT(c.layer_windows, ElementsAre(0, 0));
  ASSERT_TRUE(c.pooling);
  EXPECT_EQ(c.pooling->type, PoolingType::kMean);
  EXPECT_TRUE(c.pooling->normalize);
  EXPECT_EQ(c.pooling->max_tokens, 96);

  const auto found = [&](const std::string& name, const Shape& shape) {
    const auto tensor = checkpoint.tensor(name, shape);
    EXPECT_TRUE(tensor) << message(tensor);
  };
  found("embeddings.word_embeddings.weight", {c.vocab_size, 64});
  found("embeddings.position_embeddings.weight", {96, 64});
  found("embeddings.token_type_embeddings.weight", {2, 64});
  found("embeddings.LayerNorm.bias", {64});
  for (const char* layer : {"encoder.layer.0.", "encoder.layer.1."}) {
    for (const char* part : {"self.query", "self.key", "self.value", "output.dense"}) {
      found(fmt::format("{}attention.{}.weight", layer, part), {64, 64});
      found(fmt::format("{}attention.{}.bias", layer, part), {64});
    }
    found(fmt::format("{}attention.output.LayerNorm.weight", layer), {64});
    found(fmt::format("{}intermediate.dense.weight", layer), {96, 64});
    found(fmt::format("{}output.dense.weight", layer), {64, 96});
    found(fmt::format("{}output.LayerNorm.weight", layer), {64});
  }
}

TEST(GgufEncoder, PoolsAsItSays) {
  const auto type = [](uint32_t number) {
    return config(tiny_bert().u32("bert.pooling_type", number)).pooling->type;
  };
  EXPECT_EQ(type(0), PoolingType::kCls);
  EXPECT_EQ(type(1), PoolingType::kMean);
  EXPECT_EQ(type(2), PoolingType::kCls);
  EXPECT_EQ(type(3), PoolingType::kLast);
  const Pooling absent = *config(tiny_bert()).pooling;
  EXPECT_EQ(absent.type, PoolingType::kCls);
  EXPECT_TRUE(absent.normalize);
  EXPECT_EQ(absent.max_tokens, 5);
  EXPECT_EQ(config(tiny_bert()).num_token_types, 0);
}

TEST(GgufEncoder, RerankersHaveAHead) {
  const Pooling bert = *config(tiny_bert()
                                   .u32("bert.pooling_type", 4)
                                   .texts("bert.classifier.output_labels", {"no", "yes"})
                                   .zeros("cls.output.weight", {8, 2}))
                            .pooling;
  EXPECT_EQ(bert.task, PoolingTask::kClassify);
  EXPECT_THAT(bert.labels, ElementsAre("no", "yes"));
  ASSERT_EQ(bert.layers.size(), 1u);
  EXPECT_EQ(bert.layers[0].name, "classifier.out_proj");
  EXPECT_FALSE(bert.layers[0].bias);
  const Pooling roberta = *config(tiny_bert()
                                      .u32("bert.pooling_type", 4)
                                      .zeros("cls.weight", {8, 8})
                                      .zeros("cls.bias", {8})
                                      .zeros("cls.output.weight", {8, 1}))
                               .pooling;
  ASSERT_EQ(roberta.layers.size(), 2u);
  EXPECT_EQ(roberta.layers[0].activation, HeadActivation::kTanh);
  EXPECT_TRUE(roberta.layers[0].bias);
  EXPECT_EQ(roberta.columns(8), 1);
  EXPECT_THAT(roberta.labels, ElementsAre("LABEL_0"));
}

TEST(GgufEncoder, ADecodersFileMaySayThatItPools) {
  const ModelConfig last = config(tiny_llama().u32("llama.pooling_type", 3));
  ASSERT_TRUE(last.pooling);
  EXPECT_EQ(last.pooling->type, PoolingType::kLast);
  EXPECT_TRUE(last.pooling->normalize);
  EXPECT_EQ(last.pooling->max_tokens, 64);
  EXPECT_FALSE(config(tiny_llama().u32("llama.pooling_type", 0)).pooling);
  EXPECT_FALSE(config(tiny_llama()).pooling);
  EXPECT_EQ(code(read(tiny_llama().u32("llama.pooling_type", 4))), Code::kUnsupported);
}

TEST(GgufEncoder, SaysWhatWasWantedAndFound) {
  const auto wrong = [](const GgufBuilder& builder) { return message(read(builder)); };
  EXPECT_THAT(wrong(GgufBuilder().text("general.architecture", "nomic-bert")),
              AllOf(HasSubstr("'nomic-bert'"), HasSubstr("bert")));
  EXPECT_THAT(wrong(tiny_bert().u32("bert.pooling_type", 5)), HasSubstr("found 5"));
  EXPECT_THAT(wrong(tiny_bert().key("bert.attention.causal", 7, std::string(1, '\1'))),
              HasSubstr("'bert.attention.causal' is true"));
  EXPECT_THAT(wrong(tiny_bert().u32("bert.pooling_type", 4)),
              AllOf(HasSubstr("'cls.output.weight'"), HasSubstr("found none")));
  EXPECT_THAT(wrong(tiny_bert()
                        .u32("bert.pooling_type", 4)
                        .zeros("cls.output.weight", {8, 2})
                        .texts("bert.classifier.output_labels", {"a"})),
              HasSubstr("2 labels"));
  EXPECT_THAT(wrong(tiny_bert().zeros("token_types.weight", {7, 2})),
              AllOf(HasSubstr("'token_types.weight'"), HasSubstr("[rows, 8]")));
  EXPECT_THAT(wrong(GgufBuilder().text("general.architecture", "bert")),
              HasSubstr("'bert.embedding_length'"));
}

}  // namespace
}  // namespace spyre::checkpoint
