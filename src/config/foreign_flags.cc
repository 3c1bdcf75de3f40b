#include "config/foreign_flags.h"

#include <algorithm>

namespace spyre::config {

namespace {

// Reasons that many flags share.
constexpr std::string_view kGpu = "there is no GPU";
constexpr std::string_view kOneProcess = "one process serves";
constexpr std::string_view kExperts = "experts are not spread over machines";
constexpr std::string_view kMemory = "memory is planned at start and never swapped";
constexpr std::string_view kNoAdapters = "adapters need --enable-lora, which is refused";
constexpr std::string_view kNoImages = "no images, sounds or videos are taken";
constexpr std::string_view kScheduler = "the batching mode decides who runs";
constexpr std::string_view kLoader = "files are mapped and packed by one loader";
constexpr std::string_view kNoTraces = "no traces are recorded";
constexpr std::string_view kMamba = "no model with such layers is supported";
constexpr std::string_view kPython = "it names Python code, which cannot run here; leave it out";
constexpr std::string_view kDrafts = "drafts come from the text itself: use --speculative-config";
constexpr std::string_view kTransfer = "KV caches are not sent between servers; leave it out";
constexpr std::string_view kOverrides = "change config.json in a copy of the model's folder";

constexpr ForeignFlag kFlags[] = {
#define SPYRE_IGNORED(flag, short_flag, arity, why) \
  {flag, short_flag, Arity::arity, false, "", why},
#define SPYRE_REFUSED(flag, short_flag, arity, harmless, instead) \
  {flag, short_flag, Arity::arity, true, harmless, instead},
#include "config/foreign_flags.inc"
#undef SPYRE_IGNORED
#undef SPYRE_REFUSED
};
static_assert(std::ranges::is_sorted(kFlags, {}, &ForeignFlag::flag));

}  // namespace

std::span<const ForeignFlag> foreign_flags() { return kFlags; }

const ForeignFlag* foreign_flag(std::string_view flag) {
  if (flag.empty()) return nullptr;
  const auto* found = std::ranges::find_if(kFlags, [flag](const ForeignFlag& each) {
    return each.flag == flag || each.short_flag == flag;
  });
  return found == std::end(kFlags) ? nullptr : found;
}

Result<std::optional<std::string>> judge(const ForeignFlag& flag, std::string_view name,
                                         std::string_view value) {
  if (!flag.refused) return fmt::format("{} has no effect here: {}", name, flag.explanation);
  if (value == (flag.arity == Arity::kNone ? std::string_view("0") : flag.harmless)) {
    return std::nullopt;
  }
  return error(Code::kUnsupported,
               "{} would change answers or who may ask, and is not supported: {}", name,
               flag.explanation);
}

}  // namespace spyre::config
