#include "serve/openai/prompts.h"

#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai {
namespace {

Json one_message(const char* message, ContentFormat format = ContentFormat::kText) {
  const auto list = template_messages(Json::array({Json::parse(message)}), format);
  return list ? (*list)[0] : Json(list.error().message);
}

TEST(TemplateMessages, ContentBecomesText) {
  EXPECT_EQ(one_message(R"({"role": "user", "content": "a"})")["content"], "a");
  EXPECT_EQ(one_message(R"({"role": "user", "content": null})")["content"], "");
  EXPECT_EQ(one_message(R"({"role": "user"})")["content"], "");
  EXPECT_EQ(one_message(R"({"role": "user", "content": [{"type": "text", "text": "a"},
                            {"type": "refusal", "refusal": "b"}]})")["content"],
            "a\nb");
}

TEST(TemplateMessages, OrStaysAListOfParts) {
  const Json parts = Json::parse(R"([{"type": "text", "text": "a"}])");
  EXPECT_EQ(one_message(R"({"role": "user", "content": "a"})", ContentFormat::kParts)["content"],
            parts);
}

TEST(TemplateMessages, PartsWithoutTextAreRefused) {
  EXPECT_TRUE(one_message(R"({"role": "user", "content": [{"type": "audio"}]})").is_string());
  EXPECT_TRUE(one_message(R"({"role": "user", "content": [{"type": "text"}]})").is_string());
}

TEST(TemplateMessages, ArgumentsOfToolCallsBecomeObjects) {
  const auto arguments = [](const char* text) {
    const Json call = {{"function", {{"name", "f"}, {"arguments", text}}}};
    const Json message = {{"role", "assistant"}, {"tool_calls", Json::array({call})}};
    return one_message(message.dump().c_str())["tool_calls"][0]["function"]["arguments"];
  };
  EXPECT_EQ(arguments(R"({"a": 1})"), Json({{"a", 1}}));
  EXPECT_EQ(arguments(""), Json::object());
  EXPECT_EQ(arguments("{broken"), "{broken");
  EXPECT_FALSE(one_message(R"({"role": "assistant", "tool_calls": null})").contains("tool_calls"));
}

TEST(TemplateMessages, ReasoningHasBothNames) {
  for (const char* message : {R"({"role": "assistant", "reasoning": "r"})",
                              R"({"role": "assistant", "reasoning_content": "r"})"}) {
    EXPECT_EQ(one_message(message)["reasoning"], "r");
    EXPECT_EQ(one_message(message)["reasoning_content"], "r");
  }
}

TEST(ContentFormat, IsSeenFromTheTemplate) {
  const auto format = [](const char* source) {
    return content_format_of(text::ChatTemplate::from_text(source, Json::object()).value());
  };
  EXPECT_EQ(format("{% for m in messages %}{{ m.content }}{% endfor %}"), ContentFormat::kText);
  EXPECT_EQ(format("{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %}"
                   "{% endfor %}"),
            ContentFormat::kParts);
  EXPECT_EQ(format("nothing of it"), ContentFormat::kText);
}

TEST(EchoedText, IsTheLastMessageOfTheSameRole) {
  const Json messages = Json::parse(R"([{"role": "user", "content": "a"}])");
  EXPECT_EQ(echoed_text(messages, "user"), "a");
  EXPECT_EQ(echoed_text(messages, "assistant"), "");
}

}  // namespace
}  // namespace spyre::serve::openai
