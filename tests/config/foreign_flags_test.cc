#include "config/foreign_flags.h"

#include <gtest/gtest.h>

#include <set>

#include "config/flag_lookup.h"
#include "config/support.h"

namespace spyre::config {
namespace {

using Args = std::vector<std::string>;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> warnings_of(const Args& args) {
  const auto line = parse_command_line(args);
  return line ? line->warnings : Args{"error: " + line.error().message};
}

TEST(ForeignFlags, AreNoSettingsAndHaveOneName) {
  std::set<std::string_view> names;
  for (const ForeignFlag& each : foreign_flags()) {
    EXPECT_TRUE(each.flag.starts_with("--")) << each.flag;
    EXPECT_EQ(row_of_flag(each.flag), nullptr) << each.flag;
    EXPECT_TRUE(names.insert(each.flag).second) << each.flag;
    if (each.short_flag.empty()) continue;
    EXPECT_EQ(row_of_flag(each.short_flag), nullptr) << each.short_flag;
    EXPECT_TRUE(names.insert(each.short_flag).second) << each.short_flag;
  }
}

TEST(ForeignFlags, HarmlessOnesWarnOnceAndTakeTheirValues) {
  EXPECT_THAT(warnings_of({"serve", "m", "--swap-space", "4", "--swap_space=8", "--port", "1"}),
              ElementsAre("--swap-space has no effect here: memory is planned at start and never "
                          "swapped"));
  EXPECT_EQ(warnings_of({"serve", "m", "--enable-expert-parallel"}).size(), 1);
  EXPECT_EQ(warnings_of({"serve", "m", "--no-async-scheduling"}).size(), 1);
  EXPECT_EQ(warnings_of({"serve", "m", "-asc", "4"}).size(), 1);
  const auto many =
      parse_command_line(Args{"serve", "--numa-bind-nodes", "0", "1", "--model", "m"});
  ASSERT_TRUE(many) << message(many);
  EXPECT_EQ(many->flags.size(), 1);
}

TEST(ForeignFlags, OthersAreRefusedWithAHint) {
  const auto refused = parse_command_line(Args{"serve", "m", "--enable-lora"});
  EXPECT_THAT(message(refused), says("--enable-lora", "not supported", "adapter merged"));
  EXPECT_EQ(refused.error().code, Code::kUnsupported);
  EXPECT_THAT(message(parse_command_line(Args{"serve", "m", "--speculative-model", "x"})),
              says("--speculative-model", "use --speculative-config"));
  EXPECT_THAT(message(parse_command_line(Args{"serve", "m", "--nnodes", "2"})), says("--nnodes"));
}

TEST(ForeignFlags, TheirHarmlessValuesAreFine) {
  EXPECT_THAT(warnings_of({"serve", "m", "--nnodes", "1", "--no-enable-lora"}), IsEmpty());
}

TEST(ForeignFlags, WrongFormsAreErrors) {
  EXPECT_THAT(message(parse_command_line(Args{"serve", "m", "--swap-space"})),
              says("--swap-space", "wanted a value, found nothing"));
  EXPECT_THAT(message(parse_command_line(Args{"serve", "m", "--no-swap-space"})),
              says("unknown flag --no-swap-space"));
  EXPECT_THAT(message(parse_command_line(Args{"serve", "m", "--async-scheduling=1"})),
              says("wanted no value, found '1'"));
  EXPECT_THAT(message(parse_command_line(Args{"tokenize", "m", "--swap-space", "1"})),
              says("unknown flag --swap-space"));
}

TEST(ForeignFlags, SettingsTellOfThem) {
  EXPECT_EQ(settings_of({}, {"generate", "m", "--swap-space", "1"})->warnings().size(), 1);
}

}  // namespace
}  // namespace spyre::config
