#include "config/help.h"

#include <gtest/gtest.h>

#include <sstream>

#include "config/support.h"

namespace spyre::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Help, NamesEveryCommand) {
  for (const CommandInfo& each : commands()) {
    EXPECT_THAT(help_text(), HasSubstr(each.name));
    EXPECT_THAT(help_text(each.command), HasSubstr(each.usage));
  }
}

TEST(Help, NamesTheFlagsOfACommandAndNoOthers) {
  const std::string text = help_text(Command::kGenerate);
  EXPECT_THAT(text, says("--format {text,json,jsonl,npy}", "--[no-]ignore-eos", "default: off",
                         "VLLM_LOGGING_LEVEL", "--max-model-len N",
                         "without effect yet:\n  --hf-overrides "));
  EXPECT_THAT(text, Not(HasSubstr("--ssl-keyfile")));
  EXPECT_THAT(help_text(Command::kServe), says("--port N"));
  EXPECT_THAT(help_text(Command::kBenchStartup), says("--num-iters-cold N"));
}

TEST(Help, LinesFitATerminal) {
  for (const CommandInfo& each : commands()) {
    std::istringstream lines(help_text(each.command));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  }
}

}  // namespace
}  // namespace spyre::config
