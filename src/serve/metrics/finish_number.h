// How a request ended, as vLLM numbers it.
#pragma once

#include "engine/observer.h"

namespace spyre::serve::metrics {

// 0 stop, 1 length, 2 abort, 3 error.
inline int finish_number(const engine::RequestReport& report) {
  if (report.failed) return 3;
  switch (report.finish_reason) {
    case sample::FinishReason::kStop:
      return 0;
    case sample::FinishReason::kLength:
      return 1;
    case sample::FinishReason::kAbort:
      break;
  }
  return 2;
}

}  // namespace spyre::serve::metrics
