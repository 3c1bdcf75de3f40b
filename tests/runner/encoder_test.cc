// Every pooling fixture against what transformers computed, and its bits: the same alone, among
// others, on any number of threads, eager and compiled, by machine code and by pieces.
#include <gtest/gtest.h>

#include <cmath>

#include "runner/fixture.h"

namespace spyre::runner::testing {
namespace {

struct Text {
  std::vector<int32_t> ids;
  std::vector<int32_t> types;
  std::vector<float> wanted;  // before normalisation and activation
};

std::vector<Text> texts_of(std::string_view name) {
  std::vector<Text> texts;
  for (const Json& item : expected_of(name)["items"]) {
    const Json& wanted = item.contains("pooled") ? item["pooled"] : item["logits"];
    const auto ids = item["ids"].get<std::vector<int32_t>>();
    texts.push_back({.ids = ids,
                     .types = item.contains("type_ids")
                                  ? item["type_ids"].get<std::vector<int32_t>>()
                                  : std::vector<int32_t>(ids.size()),
                     .wanted = wanted.get<std::vector<float>>()});
  }
  return texts;
}

struct EncoderSettings {
  std::string dtype = "float32";
  int threads = 1;
  kernels::Isa isa = kernels::best_isa(detect_cpu_features());
  backend::Execution execution = backend::Execution::kEager;
};

class Encoder {
 public:
  Encoder(std::string_view name, const EncoderSettings& settings)
      : pool_(ThreadPool::create(std::vector<int>(static_cast<size_t>(settings.threads), -1))
                  .value()),
        checkpoint_(checkpoint::Checkpoint::open(fixture_path(name)).value()) {
    const checkpoint::ModelConfig& config = checkpoint_->config();
    RunnerOptions options;
    options.precision =
        Precision::resolve(settings.dtype, config.dtype, checkpoint_->is_gguf()).value();
    options.max_model_len = config.pooling->max_tokens;
    options.kv_blocks = kSequences * blocks();
    options.backend.execution = settings.execution;
    options.backend.isa = settings.isa;
    runner_ = ModelRunner::load(*checkpoint_, options, *pool_, [](int64_t, int64_t) {
                return true;
              }).value();
    EXPECT_TRUE(
        runner_->prepare({.rows = 512, .sequences = kSequences, .output_rows = kSequences}));
  }

  // All texts in one step.
  Rows run(std::span<const Text> texts) {
    Step step;
    for (const Text& text : texts) {
      const auto rows = static_cast<int32_t>(text.ids.size());
      const auto first = static_cast<int32_t>(step.tokens.size());
      step.output_rows.push_back(runner_->pools_last_row() ? first + rows - 1 : first);
      step.lengths.push_back(rows);
      step.tokens.insert(step.tokens.end(), text.ids.begin(), text.ids.end());
      step.token_types.insert(step.token_types.end(), text.types.begin(), text.types.end());
      const auto sequence = static_cast<int32_t>(step.num_sequences);
      for (int32_t i = 0; i < rows; ++i) {
        step.positions.push_back(i);
        step.sequences.push_back(sequence);
      }
      for (int64_t i = 0; i < runner_->max_blocks(); ++i) {
        step.block_table.push_back(static_cast<int32_t>(sequence * blocks() + i));
      }
      ++step.num_sequences;
    }
    const std::span<float> values = runner_->run(step).value();
    const auto columns = static_cast<size_t>(runner_->output_columns());
    Rows rows;
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto row = values.subspan(i * columns, columns);
      rows.emplace_back(row.begin(), row.end());
    }
    return rows;
  }

 private:
  static constexpr int64_t kSequences = 8;
  int64_t blocks() const {
    return (checkpoint_->config().pooling->max_tokens + kernels::kKvBlockTokens - 1) /
           kernels::kKvBlockTokens;
  }

  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<checkpoint::Checkpoint> checkpoint_;
  std::unique_ptr<ModelRunner> runner_;
};

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return ab / std::sqrt(aa * bb);
}

class EncoderReference : public ::testing::TestWithParam<const char*> {
 protected:
  std::string name() const { return GetParam(); }
};

TEST_P(EncoderReference, Float32IsNearAndBFloat16Similar) {
  const auto texts = texts_of(name());
  const Rows exact = Encoder(name(), {}).run(texts);
  const Rows rounded = Encoder(name(), {.dtype = "bfloat16"}).run(texts);
  for (size_t i = 0; i < texts.size(); ++i) {
    ASSERT_EQ(exact[i].size(), texts[i].wanted.size());
    for (size_t c = 0; c < exact[i].size(); ++c) {
      EXPECT_NEAR(exact[i][c], texts[i].wanted[c], 1e-5) << "text " << i << " column " << c;
    }
    if (exact[i].size() < 8) continue;  // logits
    EXPECT_GE(cosine(exact[i], texts[i].wanted), 0.99999) << "text " << i;
    EXPECT_GE(cosine(rounded[i], texts[i].wanted), 0.999) << "text " << i;
  }
}

TEST_P(EncoderReference, BitsAreTheSameAloneAndAmongOthers) {
  const auto texts = texts_of(name());
  for (const std::string dtype : {"float32", "bfloat16"}) {
    Encoder encoder(name(), {.dtype = dtype});
    const Rows all = encoder.run(texts);
    for (size_t i = 0; i < texts.size(); ++i) {
      expect_same_bits({all[i]}, encoder.run(std::span(texts).subspan(i, 1)), "alone");
    }
    const std::vector<Text> turned(texts.rbegin(), texts.rend());
    Rows back = encoder.run(turned);
    std::ranges::reverse(back);
    expect_same_bits(all, back, "in another order");
    Encoder threaded(name(), {.dtype = dtype, .threads = 3});
    expect_same_bits(all, threaded.run(texts), "3 threads");
  }
}

TEST_P(EncoderReference, CompiledHasTheBitsOfEager) {
  const auto texts = texts_of(name());
  for (const std::string dtype : {"float32", "bfloat16"}) {
    const Rows eager = Encoder(name(), {.dtype = dtype}).run(texts);
    Encoder compiled(name(),
                     {.dtype = dtype, .threads = 2, .execution = backend::Execution::kCompiled});
    expect_same_bits(eager, compiled.run(texts), "compiled");
    expect_same_bits({eager[0]}, compiled.run(std::span(texts).first(1)), "compiled, alone");
  }
}

TEST_P(EncoderReference, EveryTierGivesTheSameBits) {
  const auto texts = texts_of(name());
  const Rows reference = Encoder(name(), {.isa = kernels::Isa::kScalar}).run(texts);
  for (const auto isa : kernels::kIsas) {
    if (!kernels::runs_on(detect_cpu_features(), isa)) continue;
    expect_same_bits(reference, Encoder(name(), {.isa = isa}).run(texts), "tier");
  }
}

INSTANTIATE_TEST_SUITE_P(Models, EncoderReference,
                         ::testing::Values("encoders/bert_mean", "encoders/bert_cls",
                                           "encoders/roberta_cls", "encoders/xlmr_mean",
                                           "encoders/mpnet_mean", "encoders/bert_reranker",
                                           "encoders/xlmr_reranker", "encoders/bert_classifier"),
                         [](const auto& each) {
                           const std::string_view path = each.param;
                           return std::string(path.substr(path.find('/') + 1));
                         });

}  // namespace
}  // namespace spyre::runner::testing
