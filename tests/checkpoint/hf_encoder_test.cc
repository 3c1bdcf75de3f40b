#include "checkpoint/hf_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/files.h"
#include "checkpoint/hf_config.h"

namespace spyre::checkpoint {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using Shape = std::vector<int64_t>;

// An encoder of the fewest keys, with some replaced.
Result<ModelConfig> read(std::string_view changes) {
  Json config = Json::parse(R"({"architectures":["BertModel"],"hidden_size":12,
      "intermediate_size":6,"num_hidden_layers":2,"num_attention_heads":3,"vocab_size":5})");
  config.update(Json::parse(changes));
  return read_model_config(config, "config.json");
}

ModelConfig config(std::string_view changes) {
  auto result = read(changes);
  EXPECT_TRUE(result) << message(result);
  return result.value_or(ModelConfig{});
}

std::unique_ptr<Checkpoint> fixture(std::string_view name) {
  auto checkpoint = Checkpoint::open(reference("encoders") / name);
  EXPECT_TRUE(checkpoint) << message(checkpoint);
  return checkpoint ? std::move(*checkpoint) : nullptr;
}

// --- the reference checkpoints -------------------------------------------------------------------

TEST(EncoderReference, BertOfMeans) {
  const auto checkpoint = fixture("bert_mean");
  ASSERT_NE(checkpoint, nullptr);
  const ModelConfig& c = checkpoint->config();
  EXPECT_EQ(c.architecture, "BertModel");
  EXPECT_EQ(c.dtype, Format::kF32);
  EXPECT_EQ(c.vocab_size, 491);
  EXPECT_EQ(c.hidden_size, 36);
  EXPECT_EQ(c.intermediate_size, 76);
  EXPECT_EQ(c.num_layers, 2);
  EXPECT_EQ(c.num_heads, 4);
  EXPECT_EQ(c.num_kv_heads, 4);
  EXPECT_EQ(c.head_dim, 9);
  EXPECT_EQ(c.max_positions, 96);
  EXPECT_EQ(c.first_position, 0);
  EXPECT_EQ(c.num_token_types, 2);
  EXPECT_EQ(c.relative_position_buckets, 0);
  EXPECT_EQ(c.norm_eps, 1e-12f);
  EXPECT_EQ(c.activation, ActivationFunction::kGelu);
  EXPECT_TRUE(c.attention_bias && c.attention_output_bias && c.mlp_bias);
  EXPECT_THAT(c.layer_windows, ElementsAre(0, 0));
  ASSERT_TRUE(c.pooling);
  EXPECT_EQ(c.pooling->task, PoolingTask::kEmbed);
  EXPECT_EQ(c.pooling->type, PoolingType::kMean);
  EXPECT_TRUE(c.pooling->normalize);
  EXPECT_TRUE(c.pooling->layers.empty());
  EXPECT_EQ(c.pooling->max_tokens, 56);
  EXPECT_EQ(c.pooling->columns(c.hidden_size), 36);
}

TEST(EncoderReference, BertOfFirstTokens) {
  const auto checkpoint = fixture("bert_cls");
  ASSERT_NE(checkpoint, nullptr);
  const ModelConfig& c = checkpoint->config();
  EXPECT_EQ(c.activation, ActivationFunction::kGeluTanh);
  ASSERT_TRUE(c.pooling);
  EXPECT_EQ(c.pooling->type, PoolingType::kCls);
  EXPECT_FALSE(c.pooling->normalize);
  EXPECT_EQ(c.pooling->max_tokens, 72);
}

TEST(EncoderReference, RobertasStartBehindTheirPad) {
  for (const char* name : {"roberta_cls", "xlmr_mean", "xlmr_reranker"}) {
    const auto checkpoint = fixture(name);
    ASSERT_NE(checkpoint, nullptr);
    const ModelConfig& c = checkpoint->config();
    EXPECT_EQ(c.architecture, "RobertaModel");
    EXPECT_EQ(c.first_position, 2);
    EXPECT_EQ(c.max_positions, 80);
    EXPECT_EQ(c.num_token_types, 1);
  }
  const Pooling prompts = *fixture("xlmr_mean")->config().pooling;
  EXPECT_EQ(prompts.prompts.at("query"), "query: ");
  EXPECT_EQ(prompts.prompts.at("passage"), "passage: ");
  EXPECT_FALSE(prompts.default_prompt);
  EXPECT_EQ(prompts.max_tokens, 64);
}

TEST(EncoderReference, MpnetHasRelativePositions) {
  const auto checkpoint = fixture("mpnet_mean");
  ASSERT_NE(checkpoint, nullptr);
  const ModelConfig& c = checkpoint->config();
  EXPECT_EQ(c.architecture, "MPNetModel");
  EXPECT_EQ(c.relative_position_buckets, 32);
  EXPECT_EQ(c.first_position, 2);
  EXPECT_EQ(c.max_positions, 80);
  EXPECT_EQ(c.num_token_types, 0);
}

TEST(EncoderReference, Classifiers) {
  const Pooling classifier = *fixture("bert_classifier")->config().pooling;
  EXPECT_EQ(classifier.task, PoolingTask::kClassify);
  EXPECT_EQ(classifier.type, PoolingType::kCls);
  EXPECT_FALSE(classifier.normalize);
  EXPECT_TRUE(classifier.exclusive_labels && classifier.activate);
  EXPECT_THAT(classifier.labels, ElementsAre("negative", "neutral", "positive"));
  EXPECT_EQ(classifier.max_tokens, 96);
  ASSERT_EQ(classifier.layers.size(), 2u);
  EXPECT_EQ(classifier.layers[0].name, "pooler.dense");
  EXPECT_EQ(classifier.layers[0].activation, HeadActivation::kTanh);
  EXPECT_EQ(classifier.layers[1].name, "classifier");
  EXPECT_EQ(classifier.layers[1].activation, HeadActivation::kIdentity);
  EXPECT_EQ(classifier.columns(36), 3);

  const Pooling reranker = *fixture("xlmr_reranker")->config().pooling;
  EXPECT_EQ(reranker.layers[0].name, "classifier.dense");
  EXPECT_EQ(reranker.layers[1].name, "classifier.out_proj");
  EXPECT_EQ(reranker.columns(32), 1);
}

TEST(EncoderReference, DenseLayersFollowThePooling) {
  const Pooling pooling = *fixture("bert_dense")->config().pooling;
  EXPECT_EQ(pooling.type, PoolingType::kMean);
  EXPECT_TRUE(pooling.normalize);
  ASSERT_EQ(pooling.layers.size(), 1u);
  EXPECT_EQ(pooling.layers[0].name, "2_Dense.linear");
  EXPECT_EQ(pooling.layers[0].inputs, 36);
  EXPECT_EQ(pooling.layers[0].activation, HeadActivation::kTanh);
  EXPECT_TRUE(pooling.layers[0].bias);
  EXPECT_EQ(pooling.columns(36), 22);
}

TEST(EncoderReference, ADecoderPoolsItsLastToken) {
  const auto checkpoint = fixture("qwen3_last");
  ASSERT_NE(checkpoint, nullptr);
  const ModelConfig& c = checkpoint->config();
  EXPECT_EQ(c.architecture, "Qwen3ForCausalLM");
  ASSERT_TRUE(c.pooling);
  EXPECT_EQ(c.pooling->type, PoolingType::kLast);
  EXPECT_TRUE(c.pooling->normalize);
  EXPECT_EQ(c.pooling->max_tokens, 128);
  EXPECT_EQ(c.pooling->prompts.at("query"), "Instruct: find what answers\nQuery:");
  for (const char* name : {"model.norm.weight", "model.layers.1.input_layernorm.weight"}) {
    const auto tensor = checkpoint->tensor(name, Shape{c.hidden_size});
    EXPECT_TRUE(tensor) << message(tensor);
  }
  const auto embedding =
      checkpoint->tensor("model.embed_tokens.weight", Shape{c.vocab_size, c.hidden_size});
  EXPECT_TRUE(embedding) << message(embedding);
  EXPECT_FALSE(checkpoint->has_tensor("lm_head.weight"));
}

// The names that graphs ask for, whatever words the file puts before them.
std::vector<std::pair<std::string, Shape>> tensors_of(const ModelConfig& c) {
  const bool mpnet = c.architecture == "MPNetModel";
  const int64_t width = c.hidden_size;
  std::vector<std::pair<std::string, Shape>> wanted = {
      {"embeddings.word_embeddings.weight", {c.vocab_size, width}},
      {"embeddings.position_embeddings.weight", {c.first_position + c.max_positions, width}}};
  const auto linear = [&](const std::string& name, int64_t rows, int64_t columns) {
    wanted.push_back({name + ".weight", {rows, columns}});
    wanted.push_back({name + ".bias", {rows}});
  };
  const auto norm = [&](const std::string& name) {
    for (const char* part : {".weight", ".bias"}) wanted.push_back({name + part, {width}});
  };
  norm("embeddings.LayerNorm");
  if (c.num_token_types > 0) {
    wanted.push_back({"embeddings.token_type_embeddings.weight", {c.num_token_types, width}});
  }
  if (mpnet) {
    wanted.push_back(
        {"encoder.relative_attention_bias.weight", {c.relative_position_buckets, c.num_heads}});
  }
  for (int64_t layer = 0; layer < c.num_layers; ++layer) {
    const std::string at = fmt::format("encoder.layer.{}.", layer);
    if (mpnet) {
      for (const char* part : {"q", "k", "v", "o"}) {
        linear(fmt::format("{}attention.attn.{}", at, part), width, width);
      }
      norm(at + "attention.LayerNorm");
    } else {
      for (const char* part : {"query", "key", "value"}) {
        linear(fmt::format("{}attention.self.{}", at, part), width, width);
      }
      linear(at + "attention.output.dense", width, width);
      norm(at + "attention.output.LayerNorm");
    }
    linear(at + "intermediate.dense", c.intermediate_size, width);
    linear(at + "output.dense", width, c.intermediate_size);
    norm(at + "output.LayerNorm");
  }
  for (const DenseLayer& layer : c.pooling->layers) {
    wanted.push_back({layer.name + ".weight", {layer.outputs, layer.inputs}});
    if (layer.bias) wanted.push_back({layer.name + ".bias", {layer.outputs}});
  }
  return wanted;
}

class EncoderTensors : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Reference, EncoderTensors,
                         testing::Values("bert_classifier", "bert_cls", "bert_dense", "bert_mean",
                                         "bert_reranker", "mpnet_mean", "roberta_cls", "xlmr_mean",
                                         "xlmr_reranker"),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(EncoderTensors, AreFoundUnderOneName) {
  const auto checkpoint = fixture(GetParam());
  ASSERT_NE(checkpoint, nullptr);
  for (const auto& [name, shape] : tensors_of(checkpoint->config())) {
    EXPECT_TRUE(checkpoint->has_tensor(name)) << name;
    const auto tensor = checkpoint->tensor(name, shape);
    ASSERT_TRUE(tensor) << message(tensor);
    EXPECT_EQ(tensor->format, Format::kF32);
  }
}

// --- spellings -----------------------------------------------------------------------------------

TEST(HfEncoder, EveryClassIsOneOfThree) {
  const auto architecture = [](const char* name) {
    return config(fmt::format(R"({{"architectures":["{}"]}})", name)).architecture;
  };
  EXPECT_EQ(architecture("BertForMaskedLM"), "BertModel");
  EXPECT_EQ(architecture("CamembertModel"), "RobertaModel");
  EXPECT_EQ(architecture("CamembertForSequenceClassification"), "RobertaModel");
  EXPECT_EQ(architecture("XLMRobertaForMaskedLM"), "RobertaModel");
  EXPECT_EQ(architecture("MPNetForMaskedLM"), "MPNetModel");
  for (const std::string& name : encoder_classes()) {
    EXPECT_TRUE(is_encoder_class(name)) << name;
    EXPECT_TRUE(read(fmt::format(R"({{"architectures":["{}"]}})", name))) << name;
  }
  EXPECT_FALSE(is_encoder_class("BertForQuestionAnswering"));
}

TEST(HfEncoder, DefaultsOfAbsentKeys) {
  const ModelConfig c = config("{}");
  EXPECT_EQ(c.max_positions, 512);
  EXPECT_EQ(c.num_token_types, 2);
  EXPECT_EQ(c.norm_eps, 1e-12f);
  EXPECT_EQ(c.activation, ActivationFunction::kGelu);
  ASSERT_TRUE(c.pooling);
  EXPECT_EQ(c.pooling->type, PoolingType::kCls);
  EXPECT_TRUE(c.pooling->normalize);
  EXPECT_EQ(c.pooling->max_tokens, 512);
  const ModelConfig roberta = config(R"({"architectures":["RobertaModel"]})");
  EXPECT_EQ(roberta.first_position, 2);
  EXPECT_EQ(roberta.max_positions, 510);
  EXPECT_EQ(config(R"({"architectures":["RobertaModel"],"pad_token_id":4})").first_position, 5);
  EXPECT_EQ(config(R"({"architectures":["MPNetModel"],"pad_token_id":4})").first_position, 2);
}

TEST(HfEncoder, HeadsOfClassifiers) {
  const auto head = [](std::string_view more) {
    return *config(fmt::format(R"({{"architectures":["BertForSequenceClassification"]{}}})", more))
                .pooling;
  };
  EXPECT_THAT(head("").labels, ElementsAre("LABEL_0", "LABEL_1"));
  EXPECT_THAT(head(R"(,"num_labels":1)").labels, ElementsAre("LABEL_0"));
  EXPECT_THAT(head(R"(,"id2label":{"1":"b","0":"a"},"num_labels":9)").labels,
              ElementsAre("a", "b"));
  EXPECT_FALSE(head(R"(,"problem_type":"multi_label_classification")").exclusive_labels);
  EXPECT_TRUE(head(R"(,"problem_type":"single_label_classification")").exclusive_labels);
  EXPECT_FALSE(head(R"(,"problem_type":"regression")").activate);
  EXPECT_FALSE(head(R"(,"sbert_ce_default_activation_function":
                        "torch.nn.modules.linear.Identity")")
                   .activate);
  EXPECT_FALSE(head(R"(,"sentence_transformers":{"version":"4.1.0","activation_fn":
                        "torch.nn.modules.linear.Identity"})")
                   .activate);
  EXPECT_TRUE(head(R"(,"sentence_transformers":{"activation_fn":
                       "torch.nn.modules.activation.Sigmoid"})")
                  .activate);
}

TEST(HfEncoder, DecodersWithoutTheirOutputMatrixEmbed) {
  const char* sizes = R"({"architectures":["Qwen3Model"],"head_dim":4})";
  const ModelConfig c = config(sizes);
  EXPECT_EQ(c.architecture, "Qwen3ForCausalLM");
  ASSERT_TRUE(c.pooling);
  EXPECT_EQ(c.pooling->type, PoolingType::kLast);
  EXPECT_TRUE(c.pooling->normalize);
  EXPECT_EQ(c.pooling->max_tokens, 2048);
  EXPECT_FALSE(config(R"({"architectures":["Qwen3ForCausalLM"]})").pooling);
}

// --- what is refused -----------------------------------------------------------------------------

TEST(HfEncoder, SaysWhatItCannotDo) {
  const auto unsupported = [](std::string_view changes) {
    const auto result = read(changes);
    EXPECT_EQ(code(result), Code::kUnsupported);
    return message(result);
  };
  EXPECT_THAT(unsupported(R"({"position_embedding_type":"relative_key"})"),
              AllOf(HasSubstr("config.json"), HasSubstr("'position_embedding_type'"),
                    HasSubstr("'relative_key'")));
  EXPECT_THAT(unsupported(R"({"is_decoder":true})"), HasSubstr("'is_decoder' is true"));
  EXPECT_THAT(unsupported(R"({"add_cross_attention":true})"), HasSubstr("'add_cross_attention'"));
  EXPECT_THAT(unsupported(R"({"architectures":["BertForQuestionAnswering"]})"),
              AllOf(HasSubstr("'BertForQuestionAnswering'"), HasSubstr("MPNetModel"),
                    HasSubstr("Qwen3Model")));
  EXPECT_THAT(unsupported(R"({"architectures":["BertForSequenceClassification"],
                  "sbert_ce_default_activation_function":"torch.nn.modules.activation.ReLU"})"),
              HasSubstr("ReLU"));
}

TEST(HfEncoder, SaysWhatWasWantedAndFound) {
  const auto wrong = [](std::string_view changes) { return message(read(changes)); };
  EXPECT_THAT(wrong(R"({"num_attention_heads":5})"), HasSubstr("a divisor of hidden_size 12"));
  EXPECT_THAT(wrong(R"({"architectures":["RobertaModel"],"max_position_embeddings":2})"),
              HasSubstr("more than 2, the first"));
  EXPECT_THAT(wrong(R"({"hidden_act":"mish"})"), HasSubstr("mish"));
  EXPECT_THAT(wrong(R"({"architectures":["BertForSequenceClassification"],"id2label":{}})"),
              HasSubstr("'id2label'"));
  EXPECT_THAT(wrong(R"({"architectures":["BertForSequenceClassification"],
                        "id2label":{"0":"a","2":"b"}})"),
              HasSubstr("each id from 0 to 1"));
  EXPECT_THAT(wrong(R"({"architectures":["Qwen3ForCausalLM"],"is_causal":false})"),
              AllOf(HasSubstr("'is_causal'"), HasSubstr("true")));
}

}  // namespace
}  // namespace spyre::checkpoint
