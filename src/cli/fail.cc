#include <fmt/format.h>

#include "cli/commands.h"

namespace spyre::cli {

int fail(const Error& error) {
  fmt::print(stderr, "spyre: {}\n", error.message);
  return error.code == Code::kCancelled ? kInterruptedExit : 1;
}

}  // namespace spyre::cli
