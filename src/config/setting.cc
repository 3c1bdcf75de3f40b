#include "config/setting.h"

#include <fmt/format.h>

#include <array>

namespace spyre::config {

namespace {

constexpr SettingInfo kRows[] = {
#define SPYRE_SETTING(enumerator, ...) \
  {.setting = Setting::enumerator, .topic = SPYRE_TOPIC, __VA_ARGS__},
#include "config/settings.inc"
#undef SPYRE_SETTING
};

constexpr std::array<TopicInfo, kNumTopics> kTopics = {{
    {Topic::kPrompts, "Prompts and answers",
     "What `generate` and `chat` are given and how they answer."},
    {Topic::kSampling, "Sampling",
     "How tokens are chosen. Where nothing is given, the model's `generation_config.json` "
     "decides."},
    {Topic::kModel, "Model", "Which model, and how its files are read."},
    {Topic::kHub, "Hub", "Where models are downloaded from and kept."},
    {Topic::kCompute, "Backend and threads", "What computes."},
    {Topic::kMemory, "KV cache", "The memory of running requests."},
    {Topic::kBatching, "Batching", "Which requests run together, and their limits."},
    {Topic::kGraphCache, "Compiled graphs", "Where they are kept and which are allowed."},
    {Topic::kParallel, "Processes", "Sharing a model among processes."},
    {Topic::kServer, "Server", "Address, keys, TLS, limits, shutdown."},
    {Topic::kApi, "API", "What requests may ask for and how answers look."},
    {Topic::kLogging, "Logging and metrics", "What is written down."},
    {Topic::kMultimodal, "Vision", "Encoders of models that take images."},
    {Topic::kBench, "Measurements",
     "What `bench` measures and how; its report goes to standard output."},
}};

std::string describe(const Range& range, std::string_view noun) {
  std::string text(noun);
  const bool low = range.least > -std::numeric_limits<double>::infinity();
  const bool high = range.most < std::numeric_limits<double>::infinity();
  if (range.multiple_of != 1) return fmt::format("{}, a multiple of {}", text, range.multiple_of);
  if (low && high && range.least == range.most) return fmt::format("{}", range.least);
  if (low && high && range.above) {
    return fmt::format("{} above {}, at most {}", text, range.least, range.most);
  }
  if (low && high) return fmt::format("{} from {} to {}", text, range.least, range.most);
  if (low && range.above) return fmt::format("{} above {}", text, range.least);
  if (low) return fmt::format("{} of at least {}", text, range.least);
  return text;
}

// The canonical words of a choice.
std::string words(std::string_view values) {
  std::string text;
  while (!values.empty()) {
    const std::string_view word = values.substr(0, values.find('|'));
    values.remove_prefix(std::min(values.size(), word.size() + 1));
    if (word.contains('=')) continue;
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

}  // namespace

std::span<const SettingInfo> table() { return kRows; }
const SettingInfo& info(Setting setting) { return kRows[static_cast<size_t>(setting)]; }
const TopicInfo& info(Topic topic) { return kTopics[static_cast<size_t>(topic)]; }

std::string_view name(Setting setting) {
  const SettingInfo& row = info(setting);
  return row.flag.empty() ? row.env : row.flag;
}

std::string alias_env(const SettingInfo& row) {
  constexpr std::string_view kPrefix = "VLLM_SPYRE_";
  if (!row.env.starts_with(kPrefix)) return {};
  return fmt::format("SENDNN_INFERENCE_{}", row.env.substr(kPrefix.size()));
}

std::string expectation(const SettingInfo& row) {
  const std::string_view or_auto =
      row.automatic && row.type == Type::kSize ? ", or auto" : std::string_view();
  switch (row.type) {
    case Type::kBool:
      return "0 or 1";
    case Type::kSwitch:
      return "0 or 1 (off, on, false, true, no, yes)";
    case Type::kInteger:
      return describe(row.range, "an integer");
    case Type::kSize:
      return fmt::format("{} (4k = 4000, 4K = 4096){}", describe(row.range, "an integer"), or_auto);
    case Type::kReal:
      return describe(row.range, "a number");
    case Type::kText:
      return "text";
    case Type::kChoice:
      return fmt::format("one of {}", words(row.values));
    case Type::kIntegers:
      if (row.range.most == token_ids().most) return "token ids separated by commas";
      return fmt::format("integers separated by commas, each {}",
                         describe(row.range, "an integer"));
    case Type::kTexts:
      return "text, once or more often";
    case Type::kWords:
      return "one or more texts";
    case Type::kJson:
      return "a JSON object";
    case Type::kJsonList:
      return "a JSON list of strings";
    case Type::kCpus:
      return "auto, nobind or CPU ranges such as 0-3,8";
    case Type::kBiases:
      return "token ids with biases from -100 to 100: {\"5\": 1.5} or 5:1.5,7:-2";
  }
  return {};
}

}  // namespace spyre::config
