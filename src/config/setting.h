// The table of settings: one row says everything about a setting that parsing, --help and the two
// documents need. The rows are in settings.inc; this file is their shape. It knows no values: those
// are in settings.h.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/command.h"

namespace spyre::config {

enum class Setting : uint16_t {
#define SPYRE_SETTING(enumerator, ...) enumerator,
#include "config/settings.inc"
#undef SPYRE_SETTING
};

// How a value is written.
enum class Type : uint8_t {
  kBool,      // variable: 0 or 1; flag: --x or --no-x
  kSwitch,    // variable as the hub's own library reads it: 1, on, yes, true and their opposites
  kInteger,   // decimal, int64
  kSize,      // integer, or with a suffix: 4k = 4000, 4K = 4096, likewise m, g, t; 1.5k = 1500
  kReal,      // finite decimal; infinity only where values says "inf"
  kText,      // as it stands
  kChoice,    // one of values
  kIntegers,  // separated by commas; blanks around an item are fine, empty items are not
  kTexts,     // flag: may be repeated
  kWords,     // flag: one or more words after it, may be repeated
  kJson,      // a JSON object
  kJsonList,  // a JSON list of strings
  kCpus,      // "auto", "nobind" or CPU ranges such as 0-3,8
  kBiases,    // {"5": 1.5} or 5:1.5,7:-2; its text() is the JSON form
};

// Which numbers are fine, items of lists included.
struct Range {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool above = false;  // least itself is not fine
  int64_t multiple_of = 1;
};
constexpr Range at_least(double least) { return {.least = least}; }
constexpr Range between(double least, double most) { return {.least = least, .most = most}; }
constexpr Range above(double least) { return {.least = least, .above = true}; }
constexpr Range above(double least, double most) {
  return {.least = least, .most = most, .above = true};
}
constexpr Range multiple_of(int64_t unit) {
  // Sums of a few such numbers stay far from overflow.
  return {.least = static_cast<double>(unit), .most = 0x1p40, .multiple_of = unit};
}

// Token ids, which are int32 everywhere.
constexpr Range token_ids() { return between(0, std::numeric_limits<int32_t>::max()); }

enum class Topic : uint8_t {
  kPrompts,
  kSampling,
  kModel,
  kHub,
  kCompute,
  kMemory,
  kBatching,
  kGraphCache,
  kParallel,
  kServer,
  kApi,
  kLogging,
  kMultimodal,
  kBench,
};
inline constexpr int kNumTopics = 14;

struct SettingInfo {
  Setting setting;
  Topic topic;
  std::string_view env = "";      // VLLM_SPYRE_X is read as SENDNN_INFERENCE_X, too
  std::string_view old_env = "";  // a former name: accepted, with a warning
  std::string_view flag = "";     // --long-name
  std::string_view short_flag = "";
  Type type = Type::kText;
  std::string_view values = "";    // kChoice: words separated by |; word=other reads word as other
  std::string_view fallback = "";  // the value when nobody gives one, as text; empty: none
  std::string_view unit = "";
  Range range = {};
  // This number, and the word auto, mean: as if it were not given.
  std::optional<int64_t> automatic = std::nullopt;
  CommandSet commands = kForEngine;      // where the flag is accepted and the setting matters
  std::string_view since = "";           // first version whose feature exists; empty: not there yet
  std::string_view env_deprecated = "";  // what to use instead of the variable
  std::string_view flag_deprecated = "";  // what to use instead of the flag
  bool secret = false;                    // its value is never printed
  bool ambient = false;   // often set for other programs: no warning while its feature is missing
  std::string_view text;  // one or two sentences for people
};

// All rows, in the order of Setting.
std::span<const SettingInfo> table();
const SettingInfo& info(Setting setting);

// As users write it: the flag, or the variable where there is no flag.
std::string_view name(Setting setting);

// SENDNN_INFERENCE_X for VLLM_SPYRE_X, else empty.
std::string alias_env(const SettingInfo& row);

// What a value must look like, for messages and documents: "an integer of at least 1".
std::string expectation(const SettingInfo& row);

struct TopicInfo {
  Topic topic;
  std::string_view title;
  std::string_view text;  // a sentence or two under the title
};
const TopicInfo& info(Topic topic);

}  // namespace spyre::config
