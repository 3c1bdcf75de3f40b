#include "checkpoint/hf_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/files.h"

namespace spyre::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Shape = std::vector<int64_t>;

class HfFolderReference : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Decoders, HfFolderReference,
                         testing::Values("gemma3", "gpt_bigcode", "granite", "granite_moe", "llama",
                                         "llama_bf16_sharded", "llama_tied", "mistral", "opt",
                                         "phi3", "phi3_longrope", "qwen2", "qwen3"),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(HfFolderReference, OpensAndFindsTheEmbedding) {
  const auto folder = reference("decoders") / GetParam();
  const auto checkpoint = Checkpoint::open(folder);
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  const ModelConfig& c = (*checkpoint)->config();
  const bool bigcode = c.architecture == "GPTBigCodeForCausalLM";
  const bool opt = c.architecture == "OPTForCausalLM";
  const char* name = bigcode ? "transformer.wte.weight"
                     : opt   ? "model.decoder.embed_tokens.weight"
                             : "model.embed_tokens.weight";
  const int64_t width = opt ? c.embedding_projection_dim : c.hidden_size;
  const auto tensor = (*checkpoint)->tensor(name, Shape{c.vocab_size, width});
  ASSERT_TRUE(tensor) << message(tensor);
  EXPECT_EQ(tensor->format, c.dtype);
  for (const float value : values_of(*tensor)) ASSERT_TRUE(std::isfinite(value));
  (*checkpoint)->drop_pages(*tensor);
  EXPECT_FALSE((*checkpoint)->is_gguf());
  // What is derived agrees with what the file says.
  const Json derived = config_fields(c);
  const Json json = read_json(folder / "config.json");
  for (const char* key : {"model_type", "vocab_size", "hidden_size", "num_hidden_layers"}) {
    if (json.contains(key)) {
      EXPECT_EQ(derived[key], json[key]) << key;
    }
  }
  const Json fields = (*checkpoint)->fields();
  EXPECT_EQ(fields["architectures"], json["architectures"]);
  EXPECT_EQ(fields["num_attention_heads"], c.num_heads);
  EXPECT_FALSE((*checkpoint)->take_tokenizer_metadata().has_value());
  EXPECT_GT((*checkpoint)->file_bytes(), 10000);
}

constexpr const char* kConfig = R"({"architectures":["LlamaForCausalLM"],"hidden_size":4,
    "intermediate_size":6,"num_hidden_layers":1,"num_attention_heads":2,"vocab_size":3})";

std::string one_tensor(const std::string& name, float value) {
  return safetensors(
      fmt::format(R"({{"{}":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}})", name),
      raw(value));
}

TEST(HfFolder, JoinsShards) {
  TempFolder folder;
  folder.write("config.json", kConfig);
  folder.write("generation_config.json", R"({"eos_token_id":[1,2],"top_k":7})");
  folder.write("a.safetensors", one_tensor("a", 1.5f));
  folder.write("b.safetensors", one_tensor("b", 2.5f));
  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"a":"a.safetensors","b":"b.safetensors"}})");
  const auto checkpoint = Checkpoint::open(folder.path());
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  const auto b = (*checkpoint)->tensor("b", Shape{1});
  ASSERT_TRUE(b) << message(b);
  EXPECT_THAT(values_of(*b), ElementsAre(2.5f));
  EXPECT_TRUE((*checkpoint)->has_tensor("a"));
  EXPECT_FALSE((*checkpoint)->has_tensor("c"));
  EXPECT_THAT((*checkpoint)->generation_config().eos_token_ids, ElementsAre(1, 2));
  EXPECT_EQ((*checkpoint)->generation_config().top_k, 7);
}

TEST(HfFolder, RefusesBrokenIndexes) {
  TempFolder folder;
  folder.write("config.json", kConfig);
  EXPECT_THAT(message(Checkpoint::open(folder.path())),
              AllOf(HasSubstr(folder.path().string()), HasSubstr("model.safetensors")));
  const auto with_index = [&](const char* index) {
    folder.write("model.safetensors.index.json", index);
    return message(Checkpoint::open(folder.path()));
  };
  EXPECT_THAT(with_index("{}"), HasSubstr("has no weight_map"));
  EXPECT_THAT(with_index("[]"), HasSubstr("has no weight_map"));
  EXPECT_THAT(with_index("{"), HasSubstr("not valid JSON"));
  EXPECT_THAT(with_index(R"({"weight_map":{"a":"../a.safetensors"}})"),
              HasSubstr("'../a.safetensors', not a file of this folder"));
  EXPECT_THAT(with_index(R"({"weight_map":{"a":7}})"), HasSubstr("not a file"));
  EXPECT_THAT(with_index(R"({"weight_map":{"a":"gone.safetensors"}})"),
              HasSubstr("gone.safetensors"));
  folder.write("a.safetensors", one_tensor("a", 1));
  EXPECT_THAT(with_index(R"({"weight_map":{"a":"a.safetensors","c":"a.safetensors"}})"),
              AllOf(HasSubstr("'c'"), HasSubstr("a.safetensors")));
  folder.write("b.safetensors", one_tensor("a", 1));
  EXPECT_THAT(with_index(R"({"weight_map":{"a":"a.safetensors","b":"b.safetensors"}})"),
              AllOf(HasSubstr("b.safetensors"), HasSubstr("'a' is in another shard")));
}

TEST(HfFolder, NamesFileTensorWantedAndFound) {
  TempFolder folder;
  folder.write("config.json", kConfig);
  folder.write("model.safetensors",
               safetensors(R"({"t":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},
                               "i":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}})",
                           std::string(16, '\0')));
  const auto checkpoint = Checkpoint::open(folder.path());
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  const auto missing = (*checkpoint)->tensor("gone", Shape{1});
  EXPECT_EQ(code(missing), Code::kNotFound);
  EXPECT_THAT(message(missing), AllOf(HasSubstr(folder.path().string()), HasSubstr("'gone'")));
  const auto shape = (*checkpoint)->tensor("t", Shape{2, 2});
  EXPECT_EQ(code(shape), Code::kDataLoss);
  EXPECT_THAT(message(shape), AllOf(HasSubstr("model.safetensors"), HasSubstr("'t'"),
                                    HasSubstr("wanted shape [2, 2]"), HasSubstr("found [2, 1]")));
  const auto type = (*checkpoint)->tensor("i", Shape{1});
  EXPECT_EQ(code(type), Code::kUnsupported);
  EXPECT_THAT(message(type), AllOf(HasSubstr("model.safetensors"), HasSubstr("'i'"),
                                   HasSubstr("wanted F32, F16 or BF16, found I64")));
}

TEST(HfFolder, SaysWhichFileIsDamaged) {
  TempFolder folder;
  EXPECT_THAT(message(Checkpoint::open(folder.path())), HasSubstr("config.json"));
  folder.write("config.json", "{\"a\":");
  EXPECT_THAT(message(Checkpoint::open(folder.path())),
              AllOf(HasSubstr("config.json"), HasSubstr("not valid JSON")));
  folder.write("config.json", kConfig);
  folder.write("generation_config.json", R"({"top_k":"many"})");
  EXPECT_THAT(message(Checkpoint::open(folder.path())),
              AllOf(HasSubstr("generation_config.json"), HasSubstr("'top_k'"), HasSubstr("many")));
  folder.write("generation_config.json", "{}");
  folder.write("model.safetensors", "");
  EXPECT_THAT(message(Checkpoint::open(folder.path())), HasSubstr("model.safetensors"));
}

TEST(HfFolder, TakesQuantisationFromAFileOfItsOwn) {
  TempFolder folder;
  folder.write("config.json", kConfig);
  folder.write("model.safetensors", one_tensor("a", 1));
  folder.write("quantize_config.json", R"({"bits":3})");
  EXPECT_THAT(message(Checkpoint::open(folder.path())),
              AllOf(HasSubstr("quantize_config.json"), HasSubstr("3 bits")));
}

}  // namespace
}  // namespace spyre::checkpoint
