#include "cli/cache_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spyre::cli {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::system_clock;

const Clock::time_point kNow{std::chrono::hours(24 * 20000)};

CacheItems items() {
  CacheItems items(2);
  items[0].key = std::string(64, 'a');
  items[0].bytes = 1500;
  items[0].used = kNow - std::chrono::hours(72);
  items[0].header = {
      .fields = {{{"program", "decode 4"}, {"graph", std::string(64, 'f')}, {"llvm", "19.1.7"}}},
      .about = {{"seconds", 1.5}}};
  items[1].key = std::string(64, 'b');
  items[1].bytes = 20;
  items[1].used = kNow - std::chrono::minutes(5);
  items[1].problem = "damaged: checksum";
  return items;
}

TEST(CacheReport, Bytes) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.0 kB");
  EXPECT_EQ(bytes_text(999'949), "999.9 kB");
  EXPECT_EQ(bytes_text(999'999), "1.0 MB");
  EXPECT_EQ(bytes_text(12'345'678), "12.3 MB");
  EXPECT_EQ(bytes_text(int64_t{1} << 62), "4611686.0 TB");
}

TEST(CacheReport, Table) {
  EXPECT_EQ(text(items(), kNow),
            "key       program       size          used  compiled for\n"
            "bbbbbbbb                20 B     5 min ago  BAD: damaged: checksum\n"
            "aaaaaaaa  decode 4    1.5 kB    3 days ago  graph=fffffffffffffffff..., llvm=19.1.7\n"
            "2 entries, 1.5 kB, 1 bad (spyre cache prune removes them)\n");
  EXPECT_EQ(text({}, kNow), "0 entries, 0 B\n");
  CacheItems foreign = items();
  foreign[1].used = {};
  EXPECT_THAT(text(foreign, kNow), HasSubstr("20 B             ?  BAD"));
}

TEST(CacheReport, JsonOfScripts) {
  const Json json = to_json(items(), "/some/folder");
  EXPECT_EQ(json["folder"], "/some/folder");
  EXPECT_EQ(json["bytes"], 1520);
  EXPECT_EQ(json["bad"], 1);
  EXPECT_EQ(json["entries"][0]["problem"], "damaged: checksum");
  EXPECT_TRUE(json["entries"][1]["problem"].is_null());
  EXPECT_EQ(json["entries"][1]["fields"]["llvm"], "19.1.7");
  EXPECT_EQ(json["entries"][1]["about"]["seconds"], 1.5);
}

}  // namespace
}  // namespace spyre::cli
