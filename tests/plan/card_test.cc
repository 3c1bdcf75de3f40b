// What is publicly known to have run must never be called too large, what failed must never be said
// to fit; then each limit alone.
#include "plan/card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spyre::plan {
namespace {

using checkpoint::ModelConfig;
using ::testing::HasSubstr;

struct Sizes {
  int64_t layers;
  int64_t hidden;
  int64_t inner;
  int64_t heads;
  int64_t kv_heads;
  int64_t head_dim;
  int64_t vocabulary;
};

ModelConfig config_of(const Sizes& sizes) {
  ModelConfig config;
  config.architecture = "LlamaForCausalLM";
  config.dtype = Format::kF16;
  config.vocab_size = sizes.vocabulary;
  config.hidden_size = sizes.hidden;
  config.intermediate_size = sizes.inner;
  config.num_layers = sizes.layers;
  config.num_heads = sizes.heads;
  config.num_kv_heads = sizes.kv_heads;
  config.head_dim = sizes.head_dim;
  config.max_positions = 131072;
  config.layer_windows.assign(static_cast<size_t>(sizes.layers), 0);
  return config;
}

// Inner sizes of models whose configuration is not public are chosen for their known weight.
constexpr Sizes kGranite8B{40, 4096, 12800, 32, 8, 128, 49159};
constexpr Sizes kLlama8B{32, 4096, 14336, 32, 8, 128, 128256};
constexpr Sizes kGranite30B{64, 4096, 32768, 32, 8, 128, 100352};
constexpr Sizes kGraniteWindows20B{44, 4096, 32768, 32, 8, 128, 100352};
constexpr Sizes kMistral24B{40, 5120, 32768, 32, 8, 128, 131072};
constexpr Sizes kMinistral14B{40, 5120, 16384, 32, 8, 128, 131072};
constexpr Sizes kMinistral8B{34, 4096, 14336, 32, 8, 128, 131072};
constexpr Sizes kGraniteVision2B{40, 2048, 8192, 32, 8, 64, 49156};
constexpr Sizes kGranite7B{32, 4096, 11008, 32, 32, 128, 32008};

struct KnownRun {
  const char* model;
  Sizes sizes;
  int64_t cards;
  int64_t tokens;
  int64_t sequences;
  std::optional<int64_t> blocks;
  double kv_gib;  // of one card, as published or worked out by hand
  bool ran;
};

CardPlan plan_of(const KnownRun& run) {
  return plan_card({.config = config_of(run.sizes),
                    .tensor_parallel = run.cards,
                    .max_model_len = run.tokens,
                    .max_num_seqs = run.sequences,
                    .blocks = run.blocks})
      .value();
}

TEST(Card, KnownRunsAreNotContradicted) {
  const std::vector<KnownRun> runs = {
      {"Granite 3.3 8B", kGranite8B, 1, 3072, 16, {}, 7.66, true},
      {"Granite 3.3 8B", kGranite8B, 1, 8192, 4, {}, 5.04, true},
      {"Granite 3.3 8B", kGranite8B, 2, 8192, 4, {}, 2.52, true},
      {"Granite 3.3 8B", kGranite8B, 4, 32768, 32, 8192, 20.00, true},
      {"Llama 3.1 8B", kLlama8B, 1, 3072, 16, {}, 6.125, true},
      {"Llama 3.1 8B", kLlama8B, 4, 32768, 32, 8192, 16.00, true},
      {"Granite 4.1 30B", kGranite30B, 4, 32768, 32, 2080, 8.125, true},
      {"Granite SWA 20B", kGraniteWindows20B, 4, 32768, 32, 8192, 22.00, true},
      {"Mistral Small 24B", kMistral24B, 2, 8192, 32, {}, 20.16, true},
      {"Ministral 3 14B", kMinistral14B, 1, 4096, 32, {}, 20.31, true},
      {"Ministral 3 8B", kMinistral8B, 1, 4096, 32, {}, 17.27, true},
      {"Granite Vision 3.3 2B", kGraniteVision2B, 1, 8192, 16, {}, 10.08, true},
      {"Llama 8B Instruct", kLlama8B, 1, 1024, 32, {}, 4.25, true},
      {"granite-7b-starter", kGranite7B, 2, 4096, 32, {}, 32.5, false},
      {"Llama 8B Instruct", kLlama8B, 1, 8192, 32, 4096, 32.0, false},
  };
  ASSERT_EQ(runs.size(), 15u);
  for (const KnownRun& run : runs) {
    SCOPED_TRACE(::testing::Message() << run.model << ", " << run.tokens << " x " << run.sequences
                                      << " on " << run.cards);
    const CardPlan plan = plan_of(run);
    EXPECT_NEAR(static_cast<double>(plan.kv_bytes) / (1 << 30), run.kv_gib, 0.006);
    EXPECT_NE(plan.verdict(), run.ran ? Verdict::kDoesNotFit : Verdict::kFits) << text(plan);
  }
}

TEST(Card, SaysWhatDecided) {
  const CardPlan fits = plan_of({"", kGranite8B, 1, 3072, 16, {}, 0, true});
  EXPECT_EQ(fits.verdict(), Verdict::kFits);
  EXPECT_THAT(text(fits), HasSubstr("a card of 128 GB: fits"));
  const CardPlan between = plan_of({"", kGraniteWindows20B, 4, 32768, 32, 8192, 0, true});
  EXPECT_EQ(between.verdict(), Verdict::kNotKnown);
  EXPECT_EQ(between.decided_by().text, "KV cache of 22.00 GiB: 20.31 GiB ran, 32.00 GiB failed");
  const CardPlan failed = plan_of({"", kLlama8B, 1, 8192, 32, 4096, 0, false});
  EXPECT_EQ(failed.verdict(), Verdict::kDoesNotFit);
  EXPECT_THAT(failed.decided_by().text, HasSubstr("32.00 GiB failed"));
  EXPECT_EQ(to_json(failed)["verdict"], "does not fit");
  EXPECT_EQ(to_json(failed)["decided_by"], failed.decided_by().text);
}

TEST(Card, WeightsAreSplitOverTheCards) {
  const CardPlan one = plan_of({"", kGranite8B, 1, 3072, 16, {}, 0, true});
  const CardPlan four = plan_of({"", kGranite8B, 4, 3072, 16, {}, 0, true});
  EXPECT_NEAR(static_cast<double>(one.parts[0].bytes) / (1 << 30), 15.2, 0.5);
  EXPECT_NEAR(static_cast<double>(four.parts[0].bytes), static_cast<double>(one.parts[0].bytes) / 4,
              2e6);
  EXPECT_GT(one.unshared_bytes, total_bytes(one.parts));
}

TEST(Card, ShapesOfStaticBatching) {
  const auto plan =
      plan_card({.config = config_of(kGranite8B), .shapes = {{4096, 1024, 1}, {1024, 256, 4}}});
  ASSERT_TRUE(plan);
  // A batch of one is compiled as two: 2 x 5120 tokens are more than 4 x 1280.
  EXPECT_EQ(plan->kv_bytes, int64_t{2 * 5120} * 160 * 1024);
  EXPECT_EQ(plan->parts[3].bytes, int64_t{4} << 30);
  EXPECT_EQ(plan->verdict(), Verdict::kFits) << text(*plan);
}

TEST(Card, SmallHeadsMayTakeTwice) {
  const CardPlan plan = plan_of({"", kGraniteVision2B, 1, 8192, 16, {}, 0, true});
  EXPECT_THAT(plan.parts[1].how, HasSubstr("20.16 GiB if heads are padded to 128"));
}

TEST(Card, EveryLimitIsLookedAt) {
  const ModelConfig config = config_of(kGraniteVision2B);
  const auto decided = [&](const CardRequest& request, const CardProfile& profile) {
    const auto plan = plan_card(request, profile);
    return plan ? fmt::format("{}: {}", name(plan->verdict()), plan->decided_by().text)
                : plan.error().message;
  };
  const CardRequest small = {.config = config, .shapes = {{64, 64, 2}}};
  EXPECT_THAT(decided(small, {}), HasSubstr("fits"));
  EXPECT_THAT(decided({.config = config, .shapes = {{32768, 64, 2}}}, {}),
              HasSubstr("does not fit: context of 32832 tokens"));
  EXPECT_THAT(decided({.config = config, .shapes = {{4096, 64, 33}}}, {}),
              HasSubstr("not known: batch times context of 137280"));
  EXPECT_THAT(decided(small, {.segment_bytes = 1000}), HasSubstr("not known: intermediates"));
  EXPECT_THAT(decided(small, {.span_bytes = 1000}), HasSubstr("does not fit: a weight of"));
  EXPECT_THAT(decided(small, {.safe_bytes = 1000}), HasSubstr("not known"));
  EXPECT_THAT(decided(small, {.stated_bytes = 1000, .safe_bytes = 1000}),
              HasSubstr("does not fit"));
  EXPECT_THAT(decided({.config = config}, {}), HasSubstr("wanted warmup shapes"));
}

TEST(Card, APlannedLadderFits) {
  const ModelConfig config = config_of(kGranite8B);
  const auto shapes = card_ladder(config, 131072, {});
  ASSERT_EQ(shapes.size(), 4u);
  EXPECT_EQ(shapes.back().total_tokens(), 32768);
  const auto plan = plan_card({.config = config, .shapes = shapes});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->verdict(), Verdict::kFits) << text(*plan);
  EXPECT_EQ(card_ladder(config, 2048, 3).front(), (schedule::Shape{512, 1536, 3}));
}

TEST(Card, AModelThatHasNoGraphIsAnError) {
  ModelConfig unknown = config_of(kLlama8B);
  unknown.architecture = "NoSuchForCausalLM";
  EXPECT_EQ(plan_card({.config = unknown, .shapes = {{64, 20, 1}}}).error().code,
            Code::kUnsupported);
}

}  // namespace
}  // namespace spyre::plan
