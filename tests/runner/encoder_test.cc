// Every pooling fixture against what transformers computed, and its bits: the same alone, among
// others, on any number of threads, eager and compiled, by machine code and by pieces.
#include <gtest/gtest.h>

#include <cmath>

#include "runner/encoder_fixture.h"

namespace spyre::runner::testing {
namespace {

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

#ifdef SPYRE_COMPILER
TEST_P(EncoderReference, MachineCodeHasTheBitsOfEager) {
  const auto texts = texts_of(name());
  backend::CodeOptions tuned;
  tuned.tune_seconds = 0.1;
  for (const std::string dtype : {"float32", "bfloat16"}) {
    const Rows eager = Encoder(name(), {.dtype = dtype}).run(texts);
    Encoder compiled(
        name(),
        {.dtype = dtype, .threads = 2, .execution = backend::Execution::kCompiled, .code = tuned});
    EXPECT_GT(compiled.runner().code_report().compiled, 0);
    expect_same_bits(eager, compiled.run(texts), "machine code");
    expect_same_bits({eager[0]}, compiled.run(std::span(texts).first(1)), "machine code, alone");
  }
}
#endif

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
                                           "encoders/xlmr_reranker", "encoders/bert_classifier",
                                           "encoders/bert_dense", "encoders/qwen3_last",
                                           "encoders_gguf/gguf_bert_mean"),
                         [](const auto& each) {
                           const std::string_view path = each.param;
                           return std::string(path.substr(path.find('/') + 1));
                         });

}  // namespace
}  // namespace spyre::runner::testing
