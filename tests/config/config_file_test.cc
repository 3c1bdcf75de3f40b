#include "config/config_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_folder.h"
#include "config/support.h"

namespace spyre::config {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<CommandLine> parse(std::string_view text) {
  return parse_config_file(text, "serve.yaml", Command::kServe);
}

std::string values_of(const Result<CommandLine>& line, Setting setting) {
  if (!line) return "error: " + line.error().message;
  std::string values;
  for (const FlagValue& each : line->flags) {
    if (each.setting == setting) values += (values.empty() ? "" : "|") + each.text;
  }
  return values;
}

TEST(ConfigFile, ScalarsListsAndBooleans) {
  const auto line = parse(
      "model: org/name\n"
      "max_model_len: 4k\n"
      "api-key: [a, 'b c']\n"
      "allowed-origins: ['*']\n"
      "enable-log-requests: true\n"
      "enable-prefix-caching: no\n"
      "no-disable-log-stats: true\n"
      "chat-template: \"a: b\"\n");
  ASSERT_TRUE(line) << message(line);
  EXPECT_EQ(values_of(line, Setting::kModel), "org/name");
  EXPECT_EQ(values_of(line, Setting::kMaxModelLen), "4k");
  EXPECT_EQ(values_of(line, Setting::kApiKey), "a|b c");
  EXPECT_EQ(values_of(line, Setting::kAllowedOrigins), R"(["*"])");
  EXPECT_EQ(values_of(line, Setting::kEnableLogRequests), "1");
  EXPECT_EQ(values_of(line, Setting::kEnablePrefixCaching), "0");
  EXPECT_EQ(values_of(line, Setting::kDisableLogStats), "0");
  EXPECT_EQ(values_of(line, Setting::kChatTemplate), "a: b");
  EXPECT_EQ(line->flags[1].name, "max-model-len in serve.yaml, line 2");
}

TEST(ConfigFile, MappingsBecomeJson) {
  const auto line = parse("hf-overrides:\n  a: {b: 1, c: \"1\"}\n  d: [x, 1.5, true, null]\n");
  EXPECT_EQ(values_of(line, Setting::kHfOverrides),
            R"({"a":{"b":1,"c":"1"},"d":["x",1.5,true,null]})");
}

TEST(ConfigFile, EmptyFilesSayNothing) {
  EXPECT_THAT(parse("")->flags, IsEmpty());
  EXPECT_THAT(parse("# nothing\n")->flags, IsEmpty());
  EXPECT_THAT(parse("---\n")->flags, IsEmpty());
}

TEST(ConfigFile, ErrorsNameFileLineAndKey) {
  EXPECT_THAT(message(parse("port: 1\nprot: 2\n")),
              says("serve.yaml, line 2", "--prot", "did you mean port?", "serve --help"));
  EXPECT_THAT(message(parse(",")), says("serve.yaml"));
  EXPECT_THAT(message(parse("a: b: c")), says("serve.yaml, line 1", "not YAML"));
  EXPECT_THAT(message(parse("- port")), says("serve.yaml", "flag: value"));
  EXPECT_THAT(message(parse("just text")), says("flag: value"));
  EXPECT_THAT(message(parse("port: 1\n---\nport: 2\n")), says("one YAML document, found more"));
  EXPECT_THAT(message(parse("port: 1\nport: 2\n")), says("line 2", "port is there twice"));
  EXPECT_THAT(message(parse("? [a]\n: b\n")), says("line 1", "the name of a flag"));
  EXPECT_THAT(message(parse("port: {a: 1}")),
              says("port in serve.yaml, line 1", "an integer", "keys with values"));
  EXPECT_THAT(message(parse("port: [1]")), says("port in serve.yaml", "found a list"));
  EXPECT_THAT(message(parse("port:\n")), says("port in serve.yaml", "found nothing"));
  EXPECT_THAT(message(parse("api-key: [a, [b]]")), says("plain values"));
  EXPECT_THAT(message(parse("api-key: []")), says("one or more texts"));
  EXPECT_THAT(message(parse("enforce-eager: maybe")), says("true or false", "'maybe'"));
  EXPECT_THAT(message(parse("prompt: x")), says("is a flag of generate, not of serve"));
  EXPECT_THAT(message(parse("config: other.yaml")), says("cannot name another"));
  EXPECT_THAT(message(parse("-tp: 2")), says("no flag"));
}

TEST(ConfigFile, CyclesAndBombsEnd) {
  EXPECT_THAT(message(parse("hf-overrides: &a {b: *a}")), says("serve.yaml"));
  std::string bomb = "hf-overrides:\n  a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += fmt::format("  a{0}: &a{0} [*a{1},*a{1},*a{1},*a{1},*a{1},*a{1},*a{1}]\n", i, i - 1);
  }
  EXPECT_THAT(message(parse(bomb)), says("at most"));
  EXPECT_FALSE(parse("hf-overrides: " + std::string(100'000, '[')));
}

TEST(ConfigFile, BytesThatAreNoTextAreRefused) {
  EXPECT_THAT(message(parse(std::string_view("port: 1\n  &\0\0,", 13))),
              says("serve.yaml, line 2", "0x00"));
  EXPECT_THAT(message(parse("port: \x7f")), says("line 1", "0x7f"));
}

TEST(ConfigFile, FlagsThatOnlyVllmHas) {
  const auto line = parse("swap-space: 4\nenable-lora: false\nenable-expert-parallel: true\n");
  ASSERT_TRUE(line) << message(line);
  EXPECT_THAT(line->warnings,
              Contains(HasSubstr("swap-space in serve.yaml, line 1 has no effect here")));
  EXPECT_EQ(line->warnings.size(), 2);
  const auto refused = parse("port: 1\nenable-lora: true\n");
  EXPECT_THAT(message(refused), says("enable-lora in serve.yaml, line 2", "adapter"));
  EXPECT_EQ(refused.error().code, Code::kUnsupported);
}

class ConfigFlag : public ::testing::Test {
 protected:
  Result<Settings> load(const std::string& text, std::vector<std::string> args,
                        const Variables& variables = {}) {
    const std::string path = folder_.path() / "serve.yaml";
    std::ofstream(path, std::ios::binary) << text;
    args.insert(args.begin(), "serve");
    args.push_back("--config");
    args.push_back(path);
    return settings_of(variables, args);
  }
  TemporaryFolder folder_;
};

TEST_F(ConfigFlag, CommandLineBeforeFileBeforeVariable) {
  const auto settings = load("port: 1\nlog-level: DEBUG\nmax-num-seqs: 3\n", {"m", "--port", "2"},
                             {{"VLLM_LOGGING_LEVEL", "ERROR"}});
  ASSERT_TRUE(settings) << message(settings);
  EXPECT_EQ(settings->integer(Setting::kPort), 2);
  EXPECT_EQ(settings->text(Setting::kLoggingLevel), "DEBUG");
  EXPECT_EQ(settings->integer(Setting::kMaxNumSeqs), 3);
  EXPECT_EQ(settings->source(Setting::kMaxNumSeqs), Source::kFile);
  EXPECT_THAT(settings->summary(), Contains(HasSubstr("--max-num-seqs = 3 (max-num-seqs in ")));
}

TEST_F(ConfigFlag, TheModelMayStandInTheFile) {
  EXPECT_EQ(load("model: x", {})->text(Setting::kModel), "x");
  EXPECT_EQ(load("model: x", {"y"})->text(Setting::kModel), "y");
  EXPECT_THAT(message(load("port: 1", {})), says("wanted a MODEL"));
}

TEST_F(ConfigFlag, ErrorsOfValuesNameTheFile) {
  EXPECT_THAT(message(load("port: 70000", {"m"})),
              says("port in ", "serve.yaml, line 1 (or --port)", "from 0 to 65535", "'70000'"));
  EXPECT_THAT(message(load("prot: 7", {"m"})), says("serve.yaml, line 1"));
}

TEST(ConfigFlagErrors, TheFileMustBeThere) {
  EXPECT_THAT(message(settings_of({}, {"serve", "m", "--config", "/nowhere/x.yaml"})),
              says("--config", "/nowhere/x.yaml"));
  EXPECT_THAT(message(settings_of({}, {"serve", "m", "--config", "/dev/zero"})),
              says("--config", "/dev/zero"));
}

}  // namespace
}  // namespace spyre::config
