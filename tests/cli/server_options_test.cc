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

}  // namespace
}  // namespace spyre::cli
