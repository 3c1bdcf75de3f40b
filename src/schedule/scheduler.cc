// The words of the step trace for what a step does.
#include "schedule/scheduler.h"

namespace spyre::schedule {

std::string_view name(StepKind kind) {
  switch (kind) {
    case StepKind::kIdle:
      return "idle";
    case StepKind::kPrefill:
      return "prefill";
    case StepKind::kDecode:
      return "decode";
    case StepKind::kMixed:
      return "mixed";
  }
  return "idle";
}

}  // namespace spyre::schedule
