#include "cli/server_options.h"

#include <gtest/gtest.h>

#include "cli/fixture_settings.h"

namespace spyre::cli {
namespace {

using serve::openai::ContentFormat;

std::optional<text::ChatTemplate> template_of(std::string_view source) {
  return text::ChatTemplate::from_text(source, Json::object()).value();
}

ContentFormat format(std::string_view wanted,
                     const std::optional<text::ChatTemplate>& chat_template) {
  const auto settings =
      testing::settings_of({"serve", "m", "--chat-template-content-format", std::string(wanted)});
  return service_options(settings, chat_template).value().content_format;
}

TEST(ServiceOptions, ContentIsAsTheTemplateNeedsIt) {
  const auto text = template_of("{% for m in messages %}{{ m.content }}{% endfor %}");
  const auto parts = template_of(
      "{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endfor %}");
  EXPECT_EQ(format("auto", text), ContentFormat::kText);
  EXPECT_EQ(format("auto", parts), ContentFormat::kParts);
  EXPECT_EQ(format("auto", std::nullopt), ContentFormat::kText);
  EXPECT_EQ(format("openai", text), ContentFormat::kParts);
  EXPECT_EQ(format("string", parts), ContentFormat::kText);
}

std::string tool_parser(const std::vector<std::string>& arguments,
                        const std::optional<text::ChatTemplate>& chat_template) {
  std::vector<std::string> all = {"serve", "m"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const auto options = service_options(testing::settings_of(all), chat_template);
  if (!options) return options.error().message;
  return options->tool_format == nullptr ? "none" : std::string(options->tool_format->name);
}

TEST(ServiceOptions, CallsAreReadAsTheTemplateWritesThem) {
  const auto hermes = template_of(
      "{% for m in messages %}{% for c in m.tool_calls or [] %}<tool_call>"
      "{{ c.function | tojson }}</tool_call>{% endfor %}{% endfor %}");
  const auto plain = template_of("{% for m in messages %}{{ m.content }}{% endfor %}");
  EXPECT_EQ(tool_parser({}, hermes), "hermes");
  EXPECT_EQ(tool_parser({"--enable-auto-tool-choice"}, hermes), "hermes");
  EXPECT_EQ(tool_parser({"--no-enable-auto-tool-choice"}, hermes), "none");
  EXPECT_EQ(tool_parser({"--tool-call-parser", "none"}, hermes), "none");
  EXPECT_EQ(tool_parser({"--tool-call-parser", "mistral"}, hermes), "mistral");
  EXPECT_EQ(tool_parser({}, plain), "none");
  EXPECT_EQ(tool_parser({}, std::nullopt), "none");
  EXPECT_NE(tool_parser({"--enable-auto-tool-choice"}, plain).find("--tool-call-parser"),
            std::string::npos);
}

TEST(ServiceOptions, ThoughtsAreReadAsTheTemplateMarksThem) {
  const auto thinks = template_of("{{ messages[-1].content }}<think>\n");
  const auto settings = testing::settings_of({"serve", "m"});
  EXPECT_EQ(service_options(settings, thinks)->reasoning_format->name, "qwen3");
  EXPECT_EQ(service_options(settings, std::nullopt)->reasoning_format, nullptr);
  const auto chosen =
      service_options(testing::settings_of({"serve", "m", "--reasoning-parser", "deepseek_r1",
                                            "--reasoning-field", "reasoning"}),
                      thinks);
  EXPECT_EQ(chosen->reasoning_format->name, "deepseek_r1");
  EXPECT_EQ(chosen->reasoning_field, serve::openai::ReasoningField::kReasoning);
}

// The words of the settings are the names of the parsers.
TEST(ServiceOptions, EveryParserCanBeNamed) {
  for (const auto& format : serve::openai::tool_formats()) {
    EXPECT_EQ(tool_parser({"--tool-call-parser", std::string(format.name)}, std::nullopt),
              format.name);
  }
  for (const auto& format : serve::openai::reasoning_formats()) {
    const auto settings =
        testing::settings_of({"serve", "m", "--reasoning-parser", std::string(format.name)});
    EXPECT_EQ(service_options(settings, std::nullopt)->reasoning_format, &format);
  }
}

}  // namespace
}  // namespace spyre::cli
