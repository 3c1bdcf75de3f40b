#include "checkpoint/gguf_checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "checkpoint/files.h"

namespace spyre::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Shape = std::vector<int64_t>;

// 0, 1, 2, ... as F32.
std::string ramp(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0f);
  return {reinterpret_cast<const char*>(values.data()), count * sizeof(float)};
}

std::unique_ptr<Checkpoint> open(const std::filesystem::path& path) {
  auto checkpoint = Checkpoint::open(path);
  EXPECT_TRUE(checkpoint) << message(checkpoint);
  return checkpoint ? std::move(*checkpoint) : nullptr;
}

TEST(GgufCheckpoint, UndoesTheInterleavingOfQueriesAndKeys) {
  TempFolder folder;
  // Two heads of four: stored rows 0..3 of a head are logical rows 0, 2, 1, 3.
  const auto path = folder.write("m.gguf", tiny_llama()
                                               .tensor("blk.0.attn_q.weight", {1, 8}, 0, ramp(8))
                                               .tensor("blk.0.attn_q.bias", {8}, 0, ramp(8))
                                               .tensor("blk.0.attn_v.weight", {1, 8}, 0, ramp(8))
                                               .build());
  const auto checkpoint = open(path);
  ASSERT_NE(checkpoint, nullptr);
  const std::string prefix = "model.layers.0.self_attn.";
  const auto q = checkpoint->tensor(prefix + "q_proj.weight", Shape{8, 1});
  ASSERT_TRUE(q) << message(q);
  EXPECT_EQ(q->interleaved_heads, 2);
  EXPECT_THAT(values_of(*q), ElementsAre(0, 2, 1, 3, 4, 6, 5, 7));
  const auto bias = checkpoint->tensor(prefix + "q_proj.bias", Shape{8});
  ASSERT_TRUE(bias) << message(bias);
  EXPECT_THAT(values_of(*bias), ElementsAre(0, 2, 1, 3, 4, 6, 5, 7));
  const auto v = checkpoint->tensor(prefix + "v_proj.weight", Shape{8, 1});
  ASSERT_TRUE(v) << message(v);
  EXPECT_THAT(values_of(*v), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

TEST(GgufCheckpoint, HasFieldsInTheWordsOfConfigJson) {
  TempFolder folder;
  const auto checkpoint = open(folder.write("m.gguf", tiny_llama().build()));
  ASSERT_NE(checkpoint, nullptr);
  const Json fields = checkpoint->fields();
  EXPECT_EQ(fields["model_type"], "llama");
  EXPECT_EQ(fields["num_hidden_layers"], checkpoint->config().num_layers);
  EXPECT_FALSE(fields.contains("num_experts_per_tok"));
}

GgufBuilder tiny_granite_moe() {
  GgufBuilder b;
  b.text("general.architecture", "granitemoe")
      .u32("granitemoe.context_length", 64)
      .u32("granitemoe.embedding_length", 2)
      .u32("granitemoe.block_count", 1)
      .u32("granitemoe.feed_forward_length", 1)
      .u32("granitemoe.attention.head_count", 1)
      .u32("granitemoe.expert_count", 2)
      .u32("granitemoe.expert_used_count", 1)
      .zeros("token_embd.weight", {2, 3});
  return b;
}

constexpr const char* kExperts = "model.layers.0.block_sparse_moe.input_linear.weight";

TEST(GgufCheckpoint, JoinsGateAndUpOfEachExpert) {
  TempFolder folder;
  const auto path =
      folder.write("m.gguf", tiny_granite_moe()
                                 .tensor("blk.0.ffn_gate_exps.weight", {2, 1, 2}, 0, ramp(4))
                                 .tensor("blk.0.ffn_up_exps.weight", {2, 1, 2}, 0, ramp(4))
                                 .build());
  const auto checkpoint = open(path);
  ASSERT_NE(checkpoint, nullptr);
  EXPECT_TRUE(checkpoint->has_tensor(kExperts));
  const auto joined = checkpoint->tensor(kExperts, Shape{2, 2, 2});
  ASSERT_TRUE(joined) << message(joined);
  EXPECT_THAT(values_of(*joined), ElementsAre(0, 1, 0, 1, 2, 3, 2, 3));
  checkpoint->drop_pages(*joined);
  const auto outline = checkpoint->tensor_outline(kExperts, Shape{2, 2, 2});
  ASSERT_TRUE(outline) << message(outline);
  EXPECT_EQ(outline->shape, joined->shape);
  EXPECT_EQ(outline->format, joined->format);
  EXPECT_TRUE(outline->data.empty());
  EXPECT_FALSE(checkpoint->tensor_outline(kExperts, Shape{2, 4, 2}));
  EXPECT_THAT(message(checkpoint->tensor(kExperts, Shape{2, 4, 2})),
              AllOf(HasSubstr("ffn_gate_exps.weight + blk.0.ffn_up_exps.weight"),
                    HasSubstr("wanted shape [2, 4, 2]"), HasSubstr("found [2, 2, 2]")));
}

TEST(GgufCheckpoint, RefusesToJoinWhatDoesNotFit) {
  TempFolder folder;
  const auto path =
      folder.write("m.gguf", tiny_granite_moe()
                                 .tensor("blk.0.ffn_gate_exps.weight", {2, 1, 2}, 0, ramp(4))
                                 .tensor("blk.0.ffn_up_exps.weight", {2, 1, 2}, 1, "12345678")
                                 .build());
  const auto checkpoint = open(path);
  ASSERT_NE(checkpoint, nullptr);
  EXPECT_THAT(message(checkpoint->tensor(kExperts, Shape{2, 2, 2})),
              AllOf(HasSubstr("m.gguf"), HasSubstr("F32 [2, 1, 2]"), HasSubstr("F16 [2, 1, 2]")));
}

TEST(GgufCheckpoint, NamesFileTensorWantedAndFound) {
  TempFolder folder;
  const auto path = folder.write(
      "m.gguf", tiny_llama().tensor("output_norm.weight", {32}, 8, std::string(34, '\0')).build());
  const auto checkpoint = open(path);
  ASSERT_NE(checkpoint, nullptr);
  const auto missing = checkpoint->tensor("lm_head.weight", Shape{3, 8});
  EXPECT_EQ(code(missing), Code::kNotFound);
  EXPECT_THAT(message(missing), AllOf(HasSubstr(path.string()), HasSubstr("'output.weight'"),
                                      HasSubstr("'lm_head.weight'")));
  EXPECT_FALSE(checkpoint->has_tensor("lm_head.weight"));
  EXPECT_FALSE(checkpoint->tensor("no.such", Shape{1}));
  const auto shape = checkpoint->tensor("model.embed_tokens.weight", Shape{4, 8});
  EXPECT_EQ(code(shape), Code::kDataLoss);
  EXPECT_THAT(message(shape), AllOf(HasSubstr(path.string()), HasSubstr("'token_embd.weight'"),
                                    HasSubstr("wanted shape [4, 8]"), HasSubstr("found [3, 8]")));
  // A norm in blocks: nobody writes it, and nobody reads it.
  EXPECT_EQ(code(checkpoint->tensor("model.norm.weight", Shape{32})), Code::kUnsupported);
}

TEST(GgufCheckpoint, GivesTheTokenizersKeysOnly) {
  TempFolder folder;
  const auto path = folder.write("m.gguf", tiny_llama()
                                               .texts("tokenizer.ggml.tokens", {"a"})
                                               .text("tokenizer.chat_template", "t")
                                               .build());
  const auto checkpoint = open(path);
  ASSERT_NE(checkpoint, nullptr);
  EXPECT_TRUE(checkpoint->is_gguf());
  const Json wanted =
      Json::parse(R"({"tokenizer.ggml.tokens":["a"],"tokenizer.chat_template":"t"})");
  EXPECT_EQ(checkpoint->take_tokenizer_metadata(), wanted);
  EXPECT_EQ(checkpoint->file_bytes(), static_cast<int64_t>(std::filesystem::file_size(path)));
}

TEST(GgufCheckpoint, WantsAFolderOrAGgufFile) {
  TempFolder folder;
  EXPECT_EQ(code(Checkpoint::open(folder.path() / "none.gguf")), Code::kNotFound);
  const auto other = Checkpoint::open(folder.write("m.bin", "x"));
  EXPECT_EQ(code(other), Code::kUnsupported);
  EXPECT_THAT(message(other), AllOf(HasSubstr("m.bin"), HasSubstr(".gguf")));
  EXPECT_EQ(code(Checkpoint::open(folder.write("empty.gguf", ""))), Code::kDataLoss);
}

// --- splits --------------------------------------------------------------------------------------

GgufBuilder split_keys(GgufBuilder b, uint16_t number, uint16_t count, int32_t tensors) {
  b.key("split.no", 2, raw(number)).key("split.count", 2, raw(count));
  b.key("split.tensors.count", 5, raw(tensors));
  return b;
}

struct Split {
  TempFolder folder;
  std::filesystem::path first;
  std::filesystem::path second;

  explicit Split(int32_t tensors = 2, uint16_t second_number = 1,
                 const char* second_tensor = "output_norm.weight")
      : first(
            folder.write("m-00001-of-00002.gguf", split_keys(tiny_llama(), 0, 2, tensors).build())),
        second(folder.write("m-00002-of-00002.gguf",
                            split_keys(GgufBuilder(), second_number, 2, tensors)
                                .tensor(second_tensor, {8}, 0, ramp(8))
                                .build())) {}
};

TEST(GgufSplit, OpensFromEitherFile) {
  const Split split;
  for (const auto& path : {split.first, split.second}) {
    const auto checkpoint = open(path);
    ASSERT_NE(checkpoint, nullptr);
    EXPECT_EQ(checkpoint->config().vocab_size, 3);
    const auto norm = checkpoint->tensor("model.norm.weight", Shape{8});
    ASSERT_TRUE(norm) << message(norm);
    EXPECT_THAT(values_of(*norm), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
    checkpoint->drop_pages(*norm);
    EXPECT_EQ(checkpoint->file_bytes(),
              static_cast<int64_t>(std::filesystem::file_size(split.first) +
                                   std::filesystem::file_size(split.second)));
  }
}

TEST(GgufSplit, SaysWhichFileIsMissingOrForeign) {
  const Split missing;
  std::filesystem::remove(missing.second);
  const auto result = Checkpoint::open(missing.first);
  EXPECT_EQ(code(result), Code::kNotFound);
  EXPECT_THAT(message(result), HasSubstr("m-00002-of-00002.gguf"));

  EXPECT_THAT(message(Checkpoint::open(Split(2, 0).first)),
              AllOf(HasSubstr("m-00002-of-00002.gguf"), HasSubstr("wanted file 2"),
                    HasSubstr("found 1 of 2")));
  EXPECT_THAT(message(Checkpoint::open(Split(3).first)),
              AllOf(HasSubstr("split.tensors.count is 3"), HasSubstr("have 2 tensors")));
  EXPECT_THAT(message(Checkpoint::open(Split(2, 1, "token_embd.weight").first)),
              HasSubstr("'token_embd.weight' is in another file"));

  const Split renamed;
  std::filesystem::rename(renamed.first, renamed.folder.path() / "other.gguf");
  EXPECT_THAT(message(Checkpoint::open(renamed.folder.path() / "other.gguf")),
              AllOf(HasSubstr("other.gguf"), HasSubstr("'-00001-of-00002.gguf'")));
}

}  // namespace
}  // namespace spyre::checkpoint
