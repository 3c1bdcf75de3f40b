#include "config/command_line.h"

#include <gtest/gtest.h>

#include "config/support.h"

namespace spyre::config {
namespace {

using Args = std::vector<std::string>;

Result<CommandLine> parse(const Args& args) { return parse_command_line(args); }

std::string values_of(const Result<CommandLine>& line, Setting setting) {
  if (!line) return "error: " + line.error().message;
  std::string values;
  for (const FlagValue& each : line->flags) {
    if (each.setting == setting) values += (values.empty() ? "" : "|") + each.text;
  }
  return values;
}

TEST(CommandLine, Commands) {
  EXPECT_EQ(parse({})->command, Command::kHelp);
  EXPECT_EQ(parse({"--help"})->command, Command::kHelp);
  EXPECT_EQ(parse({"--version"})->command, Command::kVersion);
  EXPECT_EQ(parse({"version"})->command, Command::kVersion);
  EXPECT_EQ(parse({"help", "chat"})->topic, Command::kChat);
  EXPECT_EQ(parse({"pull", "org/name"})->command, Command::kPull);
  EXPECT_THAT(message(parse({"genrate", "m"})), says("found 'genrate'", "did you mean generate?"));
  EXPECT_THAT(message(parse({"--prompt", "x"})), says("wanted a command"));
  EXPECT_THAT(message(parse({"help", "nothing"})), says("the name of a command", "'nothing'"));
  EXPECT_THAT(message(parse({"version", "2"})), says("no more arguments", "'2'"));
}

TEST(CommandLine, CommandsOfTwoWords) {
  EXPECT_EQ(parse({"bench", "startup", "m"})->command, Command::kBenchStartup);
  EXPECT_EQ(parse({"help", "bench", "serve"})->topic, Command::kBenchServe);
  EXPECT_THAT(message(parse({"bench"})), says("found 'bench'"));
  EXPECT_THAT(message(parse({"bench", "what"})), says("found 'bench'"));
  EXPECT_THAT(message(parse({"help", "bench"})), says("the name of a command"));
}

TEST(CommandLine, CommandsOfTheCache) {
  EXPECT_EQ(parse({"cache", "ls"})->command, Command::kCacheLs);
  EXPECT_EQ(values_of(parse({"cache", "export", "f"}), Setting::kCacheFile), "f");
  EXPECT_EQ(values_of(parse({"cache", "import", "--file", "f"}), Setting::kCacheFile), "f");
  EXPECT_THAT(message(parse({"cache", "import"})), says("wanted one FILE, found none"));
  EXPECT_THAT(message(parse({"cache", "export", "a", "b"})), says("wanted one FILE, found 2"));
  EXPECT_THAT(message(parse({"cache", "ls", "f"})), says("no more arguments", "'f'"));
  EXPECT_THAT(message(parse({"cache", "ls", "--max-bytes", "1"})), says("a flag of cache prune"));
}

TEST(CommandLine, SomeCommandsCanDoWithoutAModel) {
  EXPECT_TRUE(parse({"replay"}).has_value());
  EXPECT_TRUE(parse({"bench", "serve"}).has_value());
  EXPECT_THAT(message(parse({"serve"})), says("wanted a MODEL"));
  EXPECT_THAT(message(parse({"replay", "a", "b"})), says("wanted one MODEL"));
}

TEST(CommandLine, FormsOfAFlag) {
  for (const Args& args :
       {Args{"generate", "m", "--max-tokens", "5"}, Args{"generate", "m", "--max-tokens=5"},
        Args{"generate", "m", "--max_tokens", "5"}, Args{"generate", "--max_tokens=5", "m"}}) {
    EXPECT_EQ(values_of(parse(args), Setting::kMaxTokens), "5");
    EXPECT_EQ(values_of(parse(args), Setting::kModel), "m");
  }
  EXPECT_EQ(values_of(parse({"generate", "m", "--prompt="}), Setting::kPrompt), "");
  EXPECT_EQ(values_of(parse({"generate", "m", "--prompt=a_b=c"}), Setting::kPrompt), "a_b=c");
  EXPECT_EQ(
      values_of(parse({"generate", "m", "--presence-penalty", "-1.5"}), Setting::kPresencePenalty),
      "-1.5");
}

TEST(CommandLine, ShortFlags) {
  EXPECT_EQ(values_of(parse({"serve", "m", "-tp", "2"}), Setting::kTensorParallelSize), "2");
  EXPECT_EQ(values_of(parse({"serve", "m", "-tp=2"}), Setting::kTensorParallelSize), "2");
  EXPECT_EQ(values_of(parse({"serve", "m", "-O3"}), Setting::kOptimizationLevel), "3");
  EXPECT_EQ(values_of(parse({"serve", "m", "-q", "gptq"}), Setting::kQuantization), "gptq");
  EXPECT_THAT(message(parse({"serve", "m", "-z"})), says("unknown flag -z"));
}

TEST(CommandLine, Booleans) {
  EXPECT_EQ(values_of(parse({"generate", "m", "--ignore-eos"}), Setting::kIgnoreEos), "1");
  EXPECT_EQ(values_of(parse({"generate", "m", "--no-ignore-eos"}), Setting::kIgnoreEos), "0");
  EXPECT_THAT(message(parse({"generate", "m", "--ignore-eos=1"})),
              says("--ignore-eos", "no value", "--no-ignore-eos"));
  EXPECT_THAT(message(parse({"generate", "m", "--no-prompt"})), says("takes a value"));
}

TEST(CommandLine, RepeatedFlagsAndWords) {
  EXPECT_EQ(values_of(parse({"generate", "m", "--stop", "a", "--stop", "b"}), Setting::kStop),
            "a|b");
  const auto line = parse({"serve", "m", "--served-model-name", "a", "b", "--port", "1"});
  EXPECT_EQ(values_of(line, Setting::kServedModelName), "a|b");
  EXPECT_EQ(values_of(line, Setting::kPort), "1");
}

TEST(CommandLine, ModelIsOneAndThere) {
  EXPECT_THAT(message(parse({"generate", "--prompt", "x"})), says("wanted a MODEL"));
  EXPECT_THAT(message(parse({"generate", ""})), says("wanted a MODEL"));
  EXPECT_THAT(message(parse({"generate", "m", "--prompt", "two", "words"})),
              says("one MODEL", "'m' and 'words'", "quotes"));
  EXPECT_EQ(values_of(parse({"serve", "--model", "m"}), Setting::kModel), "m");
  EXPECT_TRUE(parse({"serve", "m", "--model", "m"}));
  EXPECT_EQ(values_of(parse({"inspect", "--", "--odd"}), Setting::kModel), "--odd");
}

TEST(CommandLine, DottedKeysMakeAnObject) {
  const auto line =
      parse({"serve", "m", "--hf-overrides.rope.factor", "2", "--hf_overrides.name=a_b",
             "--hf-overrides", R"({"x":1})", "--hf-overrides.rope.type", "[1,\"y\"]"});
  ASSERT_TRUE(line) << message(line);
  EXPECT_EQ(line->flags.back().text, R"({"x":1,"rope":{"factor":2,"type":[1,"y"]},"name":"a_b"})");
  EXPECT_THAT(message(parse({"serve", "m", "--hf-overrides.a..b", "1"})), says("an empty one"));
  EXPECT_THAT(message(parse({"serve", "m", "--hf-overrides.a", "1", "--hf-overrides.a.b", "1"})),
              says("--hf-overrides.a.b", "inside another value"));
  EXPECT_THAT(message(parse({"serve", "m", "--hf-overrides.a"})), says("found nothing"));
  EXPECT_THAT(message(parse({"serve", "m", "--port.a", "1"})), says("no JSON object"));
}

TEST(CommandLine, AModelMayComeFromTheConfigFile) {
  EXPECT_TRUE(parse({"serve", "--config", "x.yaml"}));
  EXPECT_FALSE(parse({"serve", "--config", "x.yaml", "a", "b"}));
}

TEST(CommandLine, HelpNeedsNoModel) {
  const auto line = parse({"generate", "--help"});
  ASSERT_TRUE(line);
  EXPECT_TRUE(line->help);
}

TEST(CommandLine, UnknownFlagNamesTheNearest) {
  EXPECT_THAT(
      message(parse({"generate", "m", "--temprature", "1"})),
      says("unknown flag --temprature", "did you mean --temperature?", "spyre generate --help"));
  EXPECT_THAT(message(parse({"generate", "m", "--frobnicate"})), says("unknown flag --frobnicate"));
}

TEST(CommandLine, FlagOfAnotherCommand) {
  EXPECT_THAT(message(parse({"inspect", "m", "--prompt", "x"})),
              says("--prompt is a flag of generate, not of inspect"));
}

TEST(CommandLine, MissingValue) {
  EXPECT_THAT(message(parse({"generate", "m", "--max-tokens"})),
              says("--max-tokens", "an integer of at least 1", "found nothing"));
  EXPECT_THAT(message(parse({"generate", "m", "--prompt", "--ignore-eos"})),
              says("found the flag --ignore-eos", "--prompt=VALUE"));
}

}  // namespace
}  // namespace spyre::config
