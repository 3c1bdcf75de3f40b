#include "config/warmup_shapes.h"

#include <algorithm>
#include <tuple>

namespace spyre::config {

namespace {

constexpr Setting kPrompts = Setting::kWarmupPromptLens;
constexpr Setting kAnswers = Setting::kWarmupNewTokens;
constexpr Setting kBatches = Setting::kWarmupBatchSizes;

Status check_equal_lengths(const Settings& settings, ModelUse use) {
  const size_t prompts = settings.list(kPrompts).size();
  const size_t answers = settings.list(kAnswers).size();
  const size_t batches = settings.list(kBatches).size();
  const bool equal = prompts == batches && (use == ModelUse::kPooling || prompts == answers);
  if (equal) return {};
  const auto part = [&](Setting setting, size_t items) {
    return fmt::format("{} in {}{}", items, settings.label(setting),
                       settings.is_set(setting) ? "" : " (its default)");
  };
  std::string found = part(kPrompts, prompts);
  if (use == ModelUse::kGenerate) found += ", " + part(kAnswers, answers);
  return error(Code::kInvalidArgument, "warmup shapes: wanted lists of equal length, found {}, {}",
               found, part(kBatches, batches));
}

// A limit of the card, which its backends keep on every machine.
Status check_new_tokens(const Settings& settings) {
  constexpr int64_t kFewest = 3;
  if (!settings.text(Setting::kDynamoBackend).starts_with("sendnn")) return {};
  for (const int64_t tokens : settings.list(kAnswers)) {
    if (tokens >= kFewest) continue;
    return error(Code::kInvalidArgument,
                 "{}: wanted at least {} with VLLM_SPYRE_DYNAMO_BACKEND={}, found {}",
                 settings.label(kAnswers), kFewest, settings.text(Setting::kDynamoBackend), tokens);
  }
  return {};
}

}  // namespace

Result<std::vector<WarmupShape>> warmup_shapes(const Settings& settings, ModelUse use) {
  std::vector<WarmupShape> shapes;
  if (!settings.is_set(kPrompts) && !settings.is_set(kAnswers) && !settings.is_set(kBatches)) {
    return shapes;
  }
  SPYRE_TRY(check_equal_lengths(settings, use));
  const bool generate = use == ModelUse::kGenerate;
  if (generate) SPYRE_TRY(check_new_tokens(settings));
  const auto prompts = settings.list(kPrompts);
  const auto answers = settings.list(kAnswers);
  const auto batches = settings.list(kBatches);
  const auto order = [](const WarmupShape& shape) {
    return std::tuple(shape.batch_size, shape.prompt_tokens);
  };
  for (size_t i = 0; i < prompts.size(); ++i) {
    const WarmupShape shape{prompts[i], generate ? answers[i] : 0, batches[i]};
    // Behind its equals, so that they keep their order.
    shapes.insert(std::ranges::upper_bound(shapes, order(shape), {}, order), shape);
  }
  return shapes;
}

}  // namespace spyre::config
