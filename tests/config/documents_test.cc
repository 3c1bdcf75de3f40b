// The two pages in docs/ are what the table says. After a change of the table, write them anew with
//   config_test --gtest_also_run_disabled_tests --gtest_filter=*WriteDocuments
#include "config/documents.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "config/setting.h"

namespace spyre::config {
namespace {

constexpr char kVariablesPage[] = SPYRE_SOURCE_DIR "/docs/env_vars.md";
constexpr char kFlagsPage[] = SPYRE_SOURCE_DIR "/docs/cli.md";

std::string content(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Documents, AreCurrent) {
  const char* const how =
      "run config_test --gtest_also_run_disabled_tests --gtest_filter=*WriteDocuments";
  EXPECT_EQ(content(kVariablesPage), env_vars_markdown()) << how;
  EXPECT_EQ(content(kFlagsPage), cli_markdown()) << how;
}

TEST(Documents, NameEverySetting) {
  for (const SettingInfo& row : table()) {
    const auto cell_of = [](std::string_view text) { return "| `" + std::string(text) + "`"; };
    if (!row.env.empty()) {
      EXPECT_TRUE(env_vars_markdown().contains(cell_of(row.env))) << row.env;
    }
    if (!row.flag.empty()) {
      EXPECT_TRUE(cli_markdown().contains(cell_of(row.flag))) << row.flag;
    }
  }
}

TEST(Documents, DISABLED_WriteDocuments) {
  std::ofstream(kVariablesPage, std::ios::binary) << env_vars_markdown();
  std::ofstream(kFlagsPage, std::ios::binary) << cli_markdown();
}

}  // namespace
}  // namespace spyre::config
