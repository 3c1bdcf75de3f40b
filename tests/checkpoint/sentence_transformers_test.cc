#include "checkpoint/sentence_transformers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/files.h"
#include "checkpoint/hf_folder.h"

namespace spyre::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::string modules(std::initializer_list<std::pair<const char*, const char*>> list) {
  Json json = Json::array();
  for (const auto& [type, path] : list) {
    json.push_back({{"type", std::string("sentence_transformers.") + type}, {"path", path}});
  }
  return json.dump();
}

auto read(const std::string& text) { return read_sentence_modules(Json::parse(text), "m.json"); }

TEST(SentenceModules, InTheirOrder) {
  const auto list = read(modules({{"models.Transformer", ""},
                                  {"models.Pooling", "1_Pooling"},
                                  {"models.Dropout", "2_Dropout"},
                                  {"sentence_transformer.modules.dense.Dense", "3_Dense"},
                                  {"models.Dense", "4_Dense"},
                                  {"models.Normalize", "5_Normalize"}}));
  ASSERT_TRUE(list) << message(list);
  ASSERT_THAT(*list, SizeIs(5));
  EXPECT_EQ((*list)[2].kind, SentenceModuleKind::kDense);
  EXPECT_EQ((*list)[2].path, "3_Dense");
  EXPECT_EQ((*list)[4].kind, SentenceModuleKind::kNormalize);
}

TEST(SentenceModules, OthersAreNamed) {
  const auto wrong = [](const std::string& text) { return message(read(text)); };
  EXPECT_THAT(wrong(modules({{"models.Transformer", ""}, {"models.CNN", "1_CNN"}})),
              AllOf(HasSubstr("m.json"), HasSubstr("models.CNN"), HasSubstr("Pooling")));
  EXPECT_THAT(wrong(R"([{"type":"own_code.Transformer","path":""}])"),
              HasSubstr("'own_code.Transformer'"));
  const char* order = "wanted one Transformer";
  EXPECT_THAT(wrong("[]"), HasSubstr(order));
  EXPECT_THAT(wrong(modules({{"models.Transformer", "0_Transformer"}})),
              HasSubstr("the model's own folder, found folder '0_Transformer'"));
  EXPECT_THAT(wrong(modules({{"models.Pooling", "a"}})), HasSubstr(order));
  EXPECT_THAT(wrong(modules({{"models.Transformer", ""}, {"models.Dense", "a"}})),
              HasSubstr(order));
  EXPECT_THAT(wrong(modules({{"models.Transformer", ""},
                             {"models.Pooling", "a"},
                             {"models.Normalize", "b"},
                             {"models.Dense", "c"}})),
              HasSubstr(order));
  EXPECT_THAT(wrong(modules({{"models.Transformer", ""}, {"models.Pooling", "../a"}})),
              HasSubstr("a folder of this one, found folder '../a'"));
  EXPECT_THAT(wrong(modules({{"models.Transformer", ""}, {"models.Pooling", ""}})),
              HasSubstr("found folder ''"));
  EXPECT_THAT(wrong("{}"), HasSubstr("not a list"));
  EXPECT_THAT(wrong("[7]"), HasSubstr("not an object"));
  EXPECT_THAT(wrong(R"([{"type":7}])"), HasSubstr("'type'"));
}

Result<PoolingType> mode(std::string_view text) {
  return read_pooling_mode(Json::parse(text), 12, "p.json");
}

TEST(SentencePooling, OneModeInEitherSpelling) {
  const auto type = [](std::string_view text) {
    const auto result = mode(text);
    EXPECT_TRUE(result) << message(result);
    return result.value_or(PoolingType::kCls);
  };
  const char* flags = R"({"word_embedding_dimension":12,"pooling_mode_mean_tokens":false,
                          "pooling_mode_lasttoken":true,"include_prompt":true})";
  EXPECT_EQ(type(flags), PoolingType::kLast);
  EXPECT_EQ(type(R"({"pooling_mode_mean_tokens":false,"pooling_mode_max_tokens":true})"),
            PoolingType::kMax);
  EXPECT_EQ(type("{}"), PoolingType::kMean);
  EXPECT_EQ(type(R"({"embedding_dimension":12,"pooling_mode":"cls"})"), PoolingType::kCls);
  EXPECT_EQ(type(R"({"pooling_mode":["lasttoken"]})"), PoolingType::kLast);
}

TEST(SentencePooling, OthersAreNamed) {
  const auto wrong = [](std::string_view text) { return message(mode(text)); };
  EXPECT_THAT(wrong(R"({"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true})"),
              AllOf(HasSubstr("p.json"), HasSubstr("found cls and mean")));
  EXPECT_THAT(
      wrong(R"({"pooling_mode_mean_tokens":false,"pooling_mode_mean_sqrt_len_tokens":true})"),
      HasSubstr("found mean_sqrt_len_tokens"));
  EXPECT_THAT(
      wrong(R"({"pooling_mode_mean_tokens":false,"pooling_mode_weightedmean_tokens":true})"),
      HasSubstr("found weightedmean"));
  EXPECT_THAT(wrong(R"({"pooling_mode_mean_tokens":false})"), HasSubstr("found none"));
  EXPECT_THAT(wrong(R"({"pooling_mode":"colbert"})"), HasSubstr("found none"));
  EXPECT_THAT(wrong(R"({"include_prompt":false})"), HasSubstr("'include_prompt' is false"));
  EXPECT_THAT(wrong(R"({"word_embedding_dimension":13})"),
              AllOf(HasSubstr("from 12 to 12"), HasSubstr("found 13")));
  EXPECT_THAT(wrong(R"({"pooling_mode":7})"), HasSubstr("'pooling_mode'"));
}

Result<DenseLayer> dense(std::string_view text) {
  return read_dense_module(Json::parse(text), "2_Dense", 12, "d.json");
}

TEST(SentenceDense, HasAnActivation) {
  const auto layer = dense(R"({"in_features":12,"out_features":5,"bias":false,
                               "activation_function":"torch.nn.modules.linear.Identity"})");
  ASSERT_TRUE(layer) << message(layer);
  EXPECT_EQ(layer->name, "2_Dense.linear");
  EXPECT_EQ(layer->inputs, 12);
  EXPECT_EQ(layer->outputs, 5);
  EXPECT_FALSE(layer->bias);
  EXPECT_EQ(layer->activation, HeadActivation::kIdentity);
  const auto plain = dense(R"({"out_features":5})");
  ASSERT_TRUE(plain) << message(plain);
  EXPECT_TRUE(plain->bias);
  EXPECT_EQ(plain->activation, HeadActivation::kTanh);
  for (const auto& [name, activation] :
       {std::pair("ReLU", HeadActivation::kRelu), std::pair("GELU", HeadActivation::kGelu),
        std::pair("SiLU", HeadActivation::kSilu), std::pair("Tanh", HeadActivation::kTanh)}) {
    const auto other = dense(fmt::format(
        R"({{"out_features":5,"activation_function":"torch.nn.modules.activation.{}"}})", name));
    ASSERT_TRUE(other) << message(other);
    EXPECT_EQ(other->activation, activation);
  }
}

TEST(SentenceDense, OthersAreNamed) {
  const auto wrong = [](std::string_view text) { return message(dense(text)); };
  EXPECT_THAT(wrong(R"({"out_features":5,"activation_function":"own.Swish"})"),
              AllOf(HasSubstr("d.json"), HasSubstr("'own.Swish'"), HasSubstr("Tanh")));
  EXPECT_THAT(wrong(R"({"in_features":7,"out_features":5})"), HasSubstr("from 12 to 12"));
  EXPECT_THAT(wrong("{}"), HasSubstr("'out_features'"));
  EXPECT_THAT(wrong(R"({"out_features":5,"module_input_name":"token_embeddings"})"),
              HasSubstr("'module_input_name'"));
}

TEST(SentenceLimits, OnlyLower) {
  Pooling pooling;
  pooling.max_tokens = 80;
  const auto read_limits = [&](std::string_view text) {
    return read_sentence_limits(Json::parse(text), "l.json", pooling);
  };
  EXPECT_TRUE(read_limits(R"({"max_seq_length":null,"do_lower_case":false})"));
  EXPECT_EQ(pooling.max_tokens, 80);
  EXPECT_TRUE(read_limits(R"({"max_seq_length":512})"));
  EXPECT_EQ(pooling.max_tokens, 80);
  EXPECT_TRUE(read_limits(R"({"max_seq_length":56})"));
  EXPECT_EQ(pooling.max_tokens, 56);
  const Status cased = read_limits(R"({"do_lower_case":true})");
  ASSERT_FALSE(cased);
  EXPECT_THAT(cased.error().message, AllOf(HasSubstr("l.json"), HasSubstr("'do_lower_case'")));
  EXPECT_FALSE(read_limits(R"({"max_seq_length":0})"));
}

TEST(SentencePrompts, HaveNames) {
  Pooling pooling;
  const auto read_prompts = [&](std::string_view text) {
    return read_sentence_prompts(Json::parse(text), "c.json", pooling);
  };
  ASSERT_TRUE(read_prompts(R"({"prompts":{"query":"q: ","document":""},
                               "default_prompt_name":"query"})"));
  EXPECT_EQ(pooling.prompts.at("query"), "q: ");
  EXPECT_EQ(pooling.prompts.at("document"), "");
  EXPECT_EQ(pooling.default_prompt, "query");
  EXPECT_TRUE(read_prompts("{}"));
  const Status missing = read_prompts(R"({"default_prompt_name":"nobody"})");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("\"nobody\""));
  EXPECT_FALSE(read_prompts(R"({"prompts":{"a":7}})"));
  EXPECT_FALSE(read_prompts(R"({"prompts":[]})"));
}

// --- folders -------------------------------------------------------------------------------------

constexpr const char* kBert = R"({"architectures":["BertModel"],"hidden_size":2,
    "intermediate_size":3,"num_hidden_layers":1,"num_attention_heads":1,"vocab_size":4})";

class SentenceFolder : public testing::Test {
 protected:
  void SetUp() override {
    write("config.json", kBert);
    write("model.safetensors", one("bert.embeddings.LayerNorm.gamma"));
    write("modules.json", modules({{"models.Transformer", ""},
                                   {"models.Pooling", "1_Pooling"},
                                   {"models.Dense", "2_Dense"},
                                   {"models.Normalize", "3_Normalize"}}));
    write("1_Pooling/config.json", R"({"pooling_mode":"max"})");
    write("2_Dense/config.json", R"({"in_features":2,"out_features":1})");
    write("2_Dense/model.safetensors", one("linear.weight"));
  }

  static std::string one(std::string_view name) {
    return safetensors(
        fmt::format(R"({{"{}":{{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}}})", name),
        raw({1.5f, 2.5f}));
  }
  void write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    folder_.write(name, content);
  }
  auto open() const { return Checkpoint::open(folder_.path()); }

  TempFolder folder_;
};

TEST_F(SentenceFolder, IsReadAsAWhole) {
  write("sentence_bert_config.json", R"({"max_seq_length":128})");
  write("config_sentence_transformers.json", R"({"prompts":{"q":"Q "}})");
  const auto checkpoint = open();
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  const Pooling& pooling = *(*checkpoint)->config().pooling;
  EXPECT_EQ(pooling.type, PoolingType::kMax);
  EXPECT_TRUE(pooling.normalize);
  EXPECT_EQ(pooling.max_tokens, 128);
  EXPECT_EQ(pooling.prompts.at("q"), "Q ");
  EXPECT_EQ(pooling.columns(2), 1);
  const auto dense = (*checkpoint)->tensor("2_Dense.linear.weight", std::vector<int64_t>{1, 2});
  ASSERT_TRUE(dense) << message(dense);
  EXPECT_THAT(values_of(*dense), ElementsAre(1.5f, 2.5f));
  EXPECT_TRUE((*checkpoint)->has_tensor("embeddings.LayerNorm.weight"));
  EXPECT_EQ((*checkpoint)->file_bytes(),
            static_cast<int64_t>(one("bert.embeddings.LayerNorm.gamma").size() +
                                 one("linear.weight").size()));
}

TEST_F(SentenceFolder, PoolsADecoderThatIsSaidToPool) {
  Json config = read_json(reference("decoders/qwen3/config.json"));
  write("config.json", config.dump());
  write("1_Pooling/config.json", R"({"pooling_mode":"lasttoken"})");
  write("2_Dense/config.json", R"({"out_features":1})");
  write("model.safetensors", one("layers.0.x"));
  const auto checkpoint = open();
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  EXPECT_EQ((*checkpoint)->config().architecture, "Qwen3ForCausalLM");
  EXPECT_EQ((*checkpoint)->config().pooling->type, PoolingType::kLast);
  EXPECT_TRUE((*checkpoint)->has_tensor("model.layers.0.x"));
}

TEST_F(SentenceFolder, SaysWhichFileIsWrong) {
  write("2_Dense/config.json", R"({"in_features":3,"out_features":1})");
  EXPECT_THAT(message(open()), AllOf(HasSubstr("2_Dense/config.json"), HasSubstr("'in_features'")));
  SetUp();
  std::filesystem::remove(folder_.path() / "2_Dense/model.safetensors");
  EXPECT_THAT(message(open()), HasSubstr("2_Dense/model.safetensors"));
  SetUp();
  std::filesystem::remove(folder_.path() / "1_Pooling/config.json");
  EXPECT_THAT(message(open()), HasSubstr("1_Pooling/config.json"));
  SetUp();
  write("modules.json", modules({{"models.Transformer", ""}}));
  EXPECT_THAT(message(open()), AllOf(HasSubstr("modules.json"), HasSubstr("wanted a Pooling")));
}

TEST_F(SentenceFolder, ATransformerAloneIsACrossEncoder) {
  Json config = Json::parse(kBert);
  config["architectures"] = {"BertForSequenceClassification"};
  write("config.json", config.dump());
  write("modules.json", modules({{"models.Transformer", ""}}));
  const auto checkpoint = open();
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  EXPECT_EQ((*checkpoint)->config().pooling->task, PoolingTask::kClassify);
}

TEST_F(SentenceFolder, OneTensorHasOneName) {
  write("model.safetensors",
        safetensors(R"({"bert.x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
                        "x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                    raw({1.0f, 2.0f})));
  EXPECT_EQ(code(open()), Code::kDataLoss);
  EXPECT_THAT(message(open()), AllOf(HasSubstr("'x'"), HasSubstr("twice")));
}

}  // namespace
}  // namespace spyre::checkpoint
