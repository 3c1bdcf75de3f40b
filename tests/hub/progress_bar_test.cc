#include "hub/progress_bar.h"

#include <gmock/gmock.h>

#include <memory>

namespace spyre::hub {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Progress kHalf = {.file = "model.safetensors",
                            .files_done = 1,
                            .files = 3,
                            .file_done = 500'000'000,
                            .file_bytes = 1'500'000'000,
                            .done = 1'000'000'000,
                            .bytes = 2'000'000'000,
                            .received = 1'000'000'000};

// What a bar printed.
class Printed {
 public:
  std::FILE* stream() { return stream_.get(); }
  std::string text() {
    std::fflush(stream_.get());
    return {data_, bytes_};
  }
  ~Printed() {
    stream_.reset();
    std::free(data_);
  }

 private:
  char* data_ = nullptr;
  size_t bytes_ = 0;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream_{open_memstream(&data_, &bytes_),
                                                          std::fclose};
};

TEST(ProgressText, SaysHowFarHowFastHowLong) {
  EXPECT_EQ(
      progress_text(kHalf, 10e6, 100),
      "2/3 model.safetensors  [############------------]  50 %  1.0/2.0 GB  10.0 MB/s  1:40 left");
  EXPECT_EQ(progress_text(kHalf, 0, 0), "2/3 model.safetensors   50 %  1.0/2.0 GB");
  EXPECT_THAT(progress_text(kHalf, 1e5, 0), HasSubstr("100.0 kB/s  2:46:40 left"));
}

TEST(ProgressText, FitsTheTerminal) {
  Progress progress = kHalf;
  const std::string name = "a/very/long/folder/with/a/name/model-00001-of-00002.safetensors";
  progress.file = name;
  for (const int columns : {20, 40, 60, 80, 120}) {
    EXPECT_LE(progress_text(progress, 10e6, columns).size(), static_cast<size_t>(columns));
  }
  EXPECT_THAT(progress_text(progress, 10e6, 120), HasSubstr("model-00001-of-00002.safetensors"));
  EXPECT_THAT(progress_text(progress, 10e6, 120), Not(HasSubstr("very")));
}

TEST(ProgressBar, PrintsAPlainLineForAFileAndEveryTenSeconds) {
  Printed printed;
  ProgressBar bar(printed.stream(), 0);
  const ProgressBar::Clock::time_point start{std::chrono::hours(1)};
  Progress progress = kHalf;
  bar.show(progress, start);
  progress.received += 50'000'000;
  bar.show(progress, start + std::chrono::seconds(5));
  EXPECT_EQ(std::ranges::count(printed.text(), '\n'), 1);
  bar.show(progress, start + std::chrono::seconds(10));
  EXPECT_EQ(std::ranges::count(printed.text(), '\n'), 2);
  EXPECT_THAT(printed.text(), HasSubstr("5.0 MB/s"));
  progress.files_done = 2;
  bar.show(progress, start + std::chrono::seconds(11));
  EXPECT_EQ(std::ranges::count(printed.text(), '\n'), 3);
  EXPECT_THAT(printed.text(), Not(HasSubstr("\r")));
}

TEST(ProgressBar, RedrawsOnATerminalAndCleansUp) {
  Printed printed;
  {
    ProgressBar bar(printed.stream(), 80);
    const ProgressBar::Clock::time_point start{std::chrono::hours(1)};
    bar.show(Progress(), start);
    EXPECT_EQ(printed.text(), "") << "nothing to show before the list of files";
    for (int i = 0; i < 100; ++i) bar.show(kHalf, start + std::chrono::milliseconds(10 * i));
  }
  EXPECT_EQ(std::ranges::count(printed.text(), '\r'), 11) << "ten a second, and the cleaning";
  EXPECT_TRUE(printed.text().ends_with("\r\x1b[K"));
}

}  // namespace
}  // namespace spyre::hub
