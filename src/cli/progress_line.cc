#include "cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace spyre::cli {

namespace {

constexpr std::chrono::milliseconds kRedraw{80};
constexpr std::chrono::seconds kPlainLine{5};

}  // namespace

ProgressLine::ProgressLine(std::string_view what)
    : what_(what), terminal_(isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(int64_t done, int64_t total, double part) {
  const Clock::time_point now = Clock::now();
  if (now - last_ < (terminal_ ? Clock::duration(kRedraw) : Clock::duration(kPlainLine))) return;
  last_ = now;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double fraction =
      (static_cast<double>(done) + part) / static_cast<double>(total > 0 ? total : 1);
  const double left = fraction > 0 ? elapsed / fraction - elapsed : 0;
  const std::string text =
      fmt::format("{}: {:3.0f} % ({}/{}), {:.0f} s left", what_, 100 * fraction, done, total, left);
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[K{}", text);
    std::fflush(stderr);
    shown_ = true;
  } else {
    fmt::print(stderr, "{}\n", text);
  }
}

void ProgressLine::clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace spyre::cli
