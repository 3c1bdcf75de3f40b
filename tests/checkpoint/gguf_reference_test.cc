// Every tensor of the reference GGUF files, dequantised, has the bits that the gguf library gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/files.h"
#include "checkpoint/gguf_file.h"
#include "checkpoint/gguf_names.h"

namespace spyre::checkpoint {
namespace {

class GgufReference : public testing::TestWithParam<const char*> {
 protected:
  std::filesystem::path folder() const { return reference("gguf") / GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Files, GgufReference,
                         testing::Values("gguf_f16_q8", "gguf_q4_q5", "gguf_kquant"),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(GgufReference, DequantisesToTheSameBits) {
  const Json expected = read_json(folder() / "expected.json");
  const std::string bytes = read_bytes(folder() / "model.gguf");
  const auto file = parse_gguf(bytes_of(bytes), "model.gguf");
  ASSERT_TRUE(file) << message(file);
  ASSERT_GT(expected["tensors"].size(), 10u);
  for (const auto& [name, wanted] : expected["tensors"].items()) {
    const auto found = file->tensors.find(name);
    ASSERT_NE(found, file->tensors.end()) << name;
    StoredTensor tensor;
    tensor.format = found->second.format;
    tensor.shape = found->second.shape;
    tensor.data = found->second.data;
    EXPECT_EQ(spyre::name(tensor.format), wanted["type"].get<std::string>()) << name;
    EXPECT_EQ(tensor.shape, wanted["shape"].get<std::vector<int64_t>>()) << name;
    const std::vector<float> values = values_of(tensor);
    EXPECT_EQ(sha256(values), wanted["sha256_f32"].get<std::string>()) << name;
    for (const Json& spot : wanted["spots"]) {
      EXPECT_FLOAT_EQ(values[spot[0].get<size_t>()], spot[1].get<float>()) << name;
    }
  }
}

TEST_P(GgufReference, HasTheConfigOfTheModelItWasMadeFrom) {
  const Json wanted = read_json(folder() / "expected.json")["config"];
  const auto checkpoint = Checkpoint::open(folder() / "model.gguf");
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  const ModelConfig& c = (*checkpoint)->config();
  EXPECT_EQ(c.architecture, "LlamaForCausalLM");
  EXPECT_EQ(c.vocab_size, wanted["vocab_size"]);
  EXPECT_EQ(c.hidden_size, wanted["hidden_size"]);
  EXPECT_EQ(c.intermediate_size, wanted["intermediate_size"]);
  EXPECT_EQ(c.num_layers, wanted["num_hidden_layers"]);
  EXPECT_EQ(c.num_heads, wanted["num_attention_heads"]);
  EXPECT_EQ(c.num_kv_heads, wanted["num_key_value_heads"]);
  EXPECT_EQ(c.head_dim, wanted["head_dim"]);
  EXPECT_EQ(c.max_positions, wanted["max_position_embeddings"]);
  EXPECT_EQ(c.norm_eps, wanted["rms_norm_eps"].get<float>());
  EXPECT_EQ(c.tie_word_embeddings, wanted["tie_word_embeddings"]);
  EXPECT_EQ(c.rope_theta, wanted["rope_parameters"]["rope_theta"].get<float>());
  const bool scaled = wanted["rope_parameters"]["rope_type"] == "llama3";
  EXPECT_EQ(c.rope_scaling.kind,
            scaled ? RopeScaling::Kind::kFrequencyFactors : RopeScaling::Kind::kNone);
  EXPECT_EQ(c.bos_token_id, wanted["bos_token_id"]);
  EXPECT_THAT(c.eos_token_ids, testing::ElementsAre(wanted["eos_token_id"]));
  EXPECT_THAT((*checkpoint)->generation_config().eos_token_ids,
              testing::Contains(wanted["eos_token_id"]));
  EXPECT_TRUE((*checkpoint)->take_tokenizer_metadata()->contains("tokenizer.ggml.tokens"));
}

// Logical rows of q and k by the definition: [heads, 2, d/2] where the file has [heads, d/2, 2].
TEST_P(GgufReference, HandsOutQueriesAndKeysInHuggingFaceOrder) {
  const auto checkpoint = Checkpoint::open(folder() / "model.gguf");
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  const ModelConfig& c = (*checkpoint)->config();
  for (const auto& [module, heads] :
       {std::pair("q_proj", c.num_heads), {"k_proj", c.num_kv_heads}}) {
    const std::vector<int64_t> shape = {heads * c.head_dim, c.hidden_size};
    const auto logical =
        (*checkpoint)->tensor(fmt::format("model.layers.1.self_attn.{}.weight", module), shape);
    ASSERT_TRUE(logical) << message(logical);
    StoredTensor stored = *logical;
    stored.interleaved_heads = 0;
    std::vector<float> row(static_cast<size_t>(c.hidden_size));
    std::vector<float> wanted(row.size());
    const int64_t half_dim = c.head_dim / 2;
    for (int64_t head = 0; head < heads; ++head) {
      for (int64_t half = 0; half < 2; ++half) {
        for (int64_t i = 0; i < half_dim; ++i) {
          read_row_f32(*logical, head * c.head_dim + half * half_dim + i, row);
          read_row_f32(stored, head * c.head_dim + i * 2 + half, wanted);
          ASSERT_EQ(row, wanted) << module << " " << head << " " << half << " " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace spyre::checkpoint
