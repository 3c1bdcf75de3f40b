#include "hub/progress_bar.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace spyre::hub {

namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kPlainLine{10};
constexpr std::chrono::seconds kSpeedWindow{5};
constexpr int kBarColumns = 24;
constexpr int kNameColumns = 40;

struct Unit {
  double bytes;
  const char* name;
};

Unit unit_of(double bytes) {
  if (bytes >= 1e9) return {1e9, "GB"};
  if (bytes >= 1e6) return {1e6, "MB"};
  return {1e3, "kB"};
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::min(seconds, 359999.0));
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

// The end of a long path says more than its start.
std::string shortened(std::string_view name, size_t columns) {
  if (name.size() <= columns) return std::string(name);
  return "..." + std::string(name.substr(name.size() - (columns - 3)));
}

}  // namespace

std::string progress_text(const Progress& progress, double bytes_per_s, int columns) {
  const double done = static_cast<double>(progress.done);
  const double bytes = static_cast<double>(progress.bytes);
  const double share = bytes > 0 ? std::clamp(done / bytes, 0.0, 1.0) : 0;
  const Unit unit = unit_of(bytes);
  std::string tail = fmt::format("{:3.0f} %  {:.1f}/{:.1f} {}", 100 * share, done / unit.bytes,
                                 bytes / unit.bytes, unit.name);
  if (bytes_per_s > 0) {
    const Unit speed = unit_of(bytes_per_s);
    tail += fmt::format("  {:.1f} {}/s  {} left", bytes_per_s / speed.bytes, speed.name,
                        clock_text((bytes - done) / bytes_per_s));
  }
  const int file = std::min(progress.files_done + 1, progress.files);
  const std::string head =
      fmt::format("{}/{} {}", file, progress.files, shortened(progress.file, kNameColumns));
  if (columns == 0) return head + "  " + tail;
  const auto filled = static_cast<size_t>(share * kBarColumns);
  const std::string bar =
      "[" + std::string(filled, '#') + std::string(kBarColumns - filled, '-') + "]";
  // A narrow terminal loses the bar first, then the name.
  std::string text = fmt::format("{}  {} {}", head, bar, tail);
  if (std::cmp_greater(text.size(), columns)) text = head + "  " + tail;
  if (std::cmp_greater(text.size(), columns)) text = tail;
  return text.substr(0, static_cast<size_t>(columns));
}

int ProgressBar::columns_of(std::FILE* stream) {
  const int descriptor = fileno(stream);
  if (isatty(descriptor) != 1) return 0;
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col - 1;  // a full line would wrap on some terminals
}

double ProgressBar::bytes_per_s(const Progress& progress, Clock::time_point now) {
  samples_.push_back({now, progress.received});
  while (samples_.size() > 2 && now - samples_[1].time > kSpeedWindow) samples_.pop_front();
  const Sample& first = samples_.front();
  const double seconds = std::chrono::duration<double>(now - first.time).count();
  if (seconds < 0.5) return 0;
  return static_cast<double>(progress.received - first.received) / seconds;
}

void ProgressBar::show(const Progress& progress, Clock::time_point now) {
  if (progress.bytes == 0) return;
  const bool next_file = progress.files_done != last_files_done_;
  const bool finished = progress.files_done == progress.files;
  const Clock::duration every =
      columns_ > 0 ? Clock::duration(kRedraw) : Clock::duration(kPlainLine);
  if (!finished && now - last_ < every && !(columns_ == 0 && next_file)) return;
  if (finished && !next_file) return;
  last_ = now;
  last_files_done_ = progress.files_done;
  const std::string text = progress_text(progress, bytes_per_s(progress, now), columns_);
  if (columns_ > 0) {
    fmt::print(stream_, "\r\x1b[K{}", text);
    shown_ = true;
  } else {
    fmt::print(stream_, "{}\n", text);
  }
  std::fflush(stream_);
}

void ProgressBar::clear() {
  if (!shown_) return;
  fmt::print(stream_, "\r\x1b[K");
  std::fflush(stream_);
  shown_ = false;
}

}  // namespace spyre::hub
