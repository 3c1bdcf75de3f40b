#include "cli/chat_template_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/fixture_tokenizer.h"
#include "cli/text_model.h"

namespace spyre::cli {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path kTemplates =
    std::filesystem::path(SPYRE_SOURCE_DIR) / "tests/reference/chat";

TEST(ChatTemplateText, IsAFileAsItIs) {
  const auto path = kTemplates / "chatml/chat_template.jinja";
  std::ifstream file(path);
  const std::string content(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(read_chat_template(path).value(), content);
}

TEST(ChatTemplateText, OrTheTextWithItsEscapes) {
  EXPECT_EQ(read_chat_template("{{ a }}").value(), "{{ a }}");
  EXPECT_EQ(read_chat_template(R"({{ a + '\n' }}\t\\end\x\)").value(),
            "{{ a + '\n' }}\t\\end\\x\\");
  const std::string longer_than_any_path = "{{ a }}" + std::string(10'000, 'b');
  EXPECT_EQ(read_chat_template(longer_than_any_path).value(), longer_than_any_path);
}

TEST(ChatTemplateText, APathWithoutAFileIsAnError) {
  for (const char* path : {"no_such_file.jinja", "/"}) {
    const auto text = read_chat_template(path);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, Code::kNotFound);
    EXPECT_THAT(text.error().message, HasSubstr(path));
    EXPECT_THAT(text.error().message, HasSubstr("--chat-template"));
  }
}

TEST(ChatTemplateText, TakesThePlaceOfTheModels) {
  TextModel model{.tokenizer = testing::fixture_tokenizer(), .chat_template = std::nullopt};
  ASSERT_TRUE(model.use_template("{{ bos_token }}{{ messages[0].content }}"));
  const Json messages = {{{"role", "user"}, {"content", "Hello"}}};
  EXPECT_EQ(model.chat_template->render({.messages = messages}).value(), "<|begin_of_text|>Hello");
  EXPECT_THAT(model.use_template("{% if %}").error().message, HasSubstr("--chat-template"));
}

}  // namespace
}  // namespace spyre::cli
