// Flags of `vllm serve` that are no settings here. Some have nothing to act on (kernels of GPUs,
// clusters): they are accepted with their values, and the log says so. Others would change answers:
// they are refused with a hint. The list is foreign_flags.inc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace spyre::config {

// Words after the flag.
enum class Arity : uint8_t { kNone, kOne, kMany };

struct ForeignFlag {
  std::string_view flag;         // --long-name
  std::string_view short_flag;   // empty: none
  Arity arity = Arity::kNone;    // kNone: also written --no-x
  bool refused = false;          // else ignored
  std::string_view harmless;     // refused, but not with this value
  std::string_view explanation;  // why it has no effect; when refused, what to do instead
};

// By name.
std::span<const ForeignFlag> foreign_flags();

// The flag of that name, long or short; null when vLLM has none either.
const ForeignFlag* foreign_flag(std::string_view flag);

// What to log about a flag that was written as `name`: "--swap-space has no effect here: ...".
// Nothing when a flag that would be refused is only given its harmless value. Without a value (a
// boolean) value is "1" or "0", the latter harmless. kUnsupported: refused.
Result<std::optional<std::string>> judge(const ForeignFlag& flag, std::string_view name,
                                         std::string_view value);

}  // namespace spyre::config
