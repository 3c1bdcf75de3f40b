#include "text/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/reference.h"

namespace spyre::text {
namespace {

using ::testing::HasSubstr;

const Json kHello = {{{"role", "user"}, {"content", "Hello"}}};

// A template with the given source; config: more keys of tokenizer_config.json.
Result<std::optional<ChatTemplate>> compile(std::string_view source,
                                            const Json& config = Json::object()) {
  const ScratchFolder folder;
  folder.write("chat_template.jinja", source);
  folder.write("tokenizer_config.json", config.dump());
  return ChatTemplate::load(folder.path());
}

Result<std::string> render(std::string_view source,
                           const ChatRequest& request = {.messages = kHello}) {
  SPYRE_TRY_ASSIGN(const auto chat_template, compile(source));
  return chat_template->render(request);
}

ChatRequest request_of(const Json& one) {
  ChatRequest request{.messages = one["messages"],
                      .tools = one["tools"],
                      .add_generation_prompt = one["add_generation_prompt"].get<bool>(),
                      .continue_final_message = one["continue_final_message"].get<bool>(),
                      .kwargs = one["kwargs"]};
  if (request.kwargs.contains("documents")) {
    request.documents = request.kwargs["documents"];
    request.kwargs.erase("documents");
  }
  return request;
}

TEST(ChatTemplate, RendersAsTheReference) {
  for (const auto& folder : reference_folders("chat")) {
    SCOPED_TRACE(folder.filename());
    const Json expected = read_json(folder / "expected.json");
    const Json tokens = {{"bos_token", expected["bos_token"]},
                         {"eos_token", expected["eos_token"]}};
    const auto chat_template = value_of(compile(read_text(folder / "chat_template.jinja"), tokens));
    for (const Json& one : expected["cases"]) {
      SCOPED_TRACE(one["chat"].get<std::string>());
      const auto rendered = chat_template->render(request_of(one));
      if (one.contains("rendered")) {
        EXPECT_EQ(value_of(rendered), one["rendered"].get<std::string>());
        continue;
      }
      ASSERT_FALSE(rendered);
      EXPECT_EQ(rendered.error().code, Code::kInvalidArgument);
      if (one["error"].is_string()) {
        EXPECT_EQ(rendered.error().message, one["error"].get<std::string>());
      }
    }
  }
}

TEST(ChatTemplate, NoneAndNamedOnes) {
  const ScratchFolder folder;
  EXPECT_FALSE(value_of(ChatTemplate::load(folder.path())));
  folder.write("tokenizer_config.json", R"({"chat_template": null})");
  EXPECT_FALSE(value_of(ChatTemplate::load(folder.path())));

  folder.write("tokenizer_config.json", R"({"chat_template": [
    {"name": "default", "template": "plain"}, {"name": "tool_use", "template": "tools"}]})");
  const auto named = value_of(ChatTemplate::load(folder.path()));
  EXPECT_EQ(value_of(named->render({.messages = kHello})), "plain");
  EXPECT_EQ(value_of(named->render({.messages = kHello, .tools = Json::array()})), "tools");

  folder.write("chat_template.json", R"({"chat_template": "from json"})");
  EXPECT_EQ(value_of(value_of(ChatTemplate::load(folder.path()))->render({.messages = kHello})),
            "from json");
  folder.write("chat_template.jinja", "from jinja\n");
  EXPECT_EQ(value_of(value_of(ChatTemplate::load(folder.path()))->render({.messages = kHello})),
            "from jinja");
}

TEST(ChatTemplate, IsMadeFromTextToo) {
  const auto render = [](std::string_view source) {
    const Json tokens = {{"bos_token", "<s>"}, {"eos_token", "</s>"}};
    const auto made = ChatTemplate::from_text(source, tokens);
    return made ? value_of(made->render({.messages = kHello})) : made.error().message;
  };
  EXPECT_EQ(render("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"), "<s>Hello</s>");
  EXPECT_EQ(render("no variable"), "no variable");
  EXPECT_THAT(render(""), HasSubstr("found nothing"));
  EXPECT_EQ(ChatTemplate::from_text("{% if %}", Json::object()).error().code, Code::kUnsupported);
  EXPECT_EQ(ChatTemplate::from_text("\xff", Json::object()).error().code, Code::kDataLoss);
}

TEST(ChatTemplate, DamagedFilesAreErrors) {
  const ScratchFolder folder;
  folder.write("tokenizer_config.json", R"({"chat_template": [{"name": "default"}]})");
  const auto unnamed = ChatTemplate::load(folder.path());
  ASSERT_FALSE(unnamed);
  EXPECT_EQ(unnamed.error().code, Code::kDataLoss);
  EXPECT_THAT(unnamed.error().message, HasSubstr("chat_template[0]"));
  folder.write("tokenizer_config.json", R"({"chat_template": 5})");
  EXPECT_FALSE(ChatTemplate::load(folder.path()));
  folder.write("chat_template.jinja", "\xff");
  EXPECT_THAT(ChatTemplate::load(folder.path()).error().message, HasSubstr("chat_template.jinja"));

  const auto syntax = compile("line one\n{% if %}");
  ASSERT_FALSE(syntax);
  EXPECT_EQ(syntax.error().code, Code::kUnsupported);
  EXPECT_THAT(syntax.error().message, HasSubstr(":2"));
}

TEST(ChatTemplate, WrongRequestsSayWhichField) {
  const auto message = [](const ChatRequest& request) {
    const auto rendered = render("x", request);
    EXPECT_FALSE(rendered);
    EXPECT_EQ(rendered.error().code, Code::kInvalidArgument);
    return rendered.error().message;
  };
  EXPECT_EQ(message({.messages = "hi"}), "messages: wanted a list, found a string");
  EXPECT_EQ(message({.messages = kHello, .tools = 5}), "tools: wanted a list, found a number");
  EXPECT_EQ(message({.messages = kHello, .kwargs = Json::array()}),
            "kwargs: wanted an object, found a list");
  EXPECT_THAT(message({.messages = kHello, .continue_final_message = true}),
              HasSubstr("at most one"));
  EXPECT_THAT(message({.messages = Json::array(),
                       .add_generation_prompt = false,
                       .continue_final_message = true}),
              HasSubstr("continue_final_message"));
  Json deep = Json::array();
  for (int i = 0; i < 200; ++i) deep = Json::array({std::move(deep)});
  EXPECT_THAT(message({.messages = std::move(deep)}), HasSubstr("recursion limit"));
}

TEST(ChatTemplate, VariablesOfTheCallerComeAfterTheTokens) {
  const auto chat_template = value_of(
      compile("{{ bos_token }} {{ tools }} {{ documents }} {{ name }} {{ add_generation_prompt }}",
              {{"bos_token", {{"content", "<s>"}}}, {"eos_token", nullptr}}));
  EXPECT_EQ(value_of(chat_template->render({.messages = kHello})), "<s> None None  True");
  EXPECT_EQ(value_of(chat_template->render(
                {.messages = kHello, .kwargs = {{"bos_token", "B"}, {"name", 1.5}, {"tools", 3}}})),
            "B 3 None 1.5 True");
}

TEST(ChatTemplate, JsonIsPythons) {
  const ChatRequest request{.messages = kHello,
                            .kwargs = {{"v",
                                        {{"z", 1e16},
                                         {"a", {1, 2.0, true, nullptr, "é<'\"\n\u0001"}},
                                         {"e", Json::object()},
                                         {"l", Json::array()}}}}};
  EXPECT_EQ(value_of(render("{{ v | tojson }}", request)),
            R"({"z": 1e+16, "a": [1, 2.0, true, null, "é<'\"\n\u0001"], "e": {}, "l": []})");
  EXPECT_EQ(value_of(render("{{ v.a[:2] | tojson(indent=2) }}", request)), "[\n  1,\n  2.0\n]");
  EXPECT_EQ(value_of(render("{{ {'b': 1, 'a': 'é😀'} | tojson(sort_keys=true, ensure_ascii=true, "
                            "separators=(',', ':')) }}")),
            R"({"a":"\u00e9\ud83d\ude00","b":1})");
  EXPECT_EQ(value_of(render("{{ v }} {{ v.a ~ '' }}",
                            {.messages = kHello, .kwargs = {{"v", {{"a", {1, nullptr, true}}}}}})),
            "{'a': [1, None, True]} [1, None, True]");
  EXPECT_FALSE(render("{{ missing | tojson }}"));
  EXPECT_FALSE(render("{{ 1 | tojson(colour=1) }}"));
}

TEST(ChatTemplate, PythonsMethods) {
  EXPECT_EQ(value_of(render("{{ 'a.b.c'.rsplit('.', 1) }} {{ ' a  b c '.rsplit(none, 1) }} "
                            "{{ 'abc'.removeprefix('a').removesuffix('c') }} "
                            "{{ 'k=v=w'.partition('=') | join('|') }} "
                            "{{ 'k=v=w'.rpartition('=')[0] }} {{ 'x'.rpartition('=')[2] }} "
                            "{{ {'a': 1}.items() | list }} {{ 'a b'.split() }}")),
            "['a.b', 'c'] [' a  b', 'c'] b k|=|v=w k=v x [('a', 1)] ['a', 'b']");
  EXPECT_FALSE(render("{{ 'a'.partition('') }}"));
  EXPECT_FALSE(render("{{ 'a'.no_such_method() }}"));
}

TEST(ChatTemplate, TimeIsGivenOrTheClocks) {
  EXPECT_EQ(value_of(render("{{ strftime_now('%B %Y') }}",
                            {.messages = kHello, .now_unix_s = 1'738'411'200 + 43'200})),
            "February 2025");
  EXPECT_EQ(value_of(render("{{ strftime_now is defined }} {{ strftime_now('%Y') | int > 2024 }}")),
            "True True");
  EXPECT_FALSE(render("{{ strftime_now('%!') }}"));
}

TEST(ChatTemplate, ErrorsSayWhere) {
  const auto failed = render("one\n{{ messages[0].nothing.more }}");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kInvalidArgument);
  EXPECT_THAT(failed.error().message, HasSubstr("undefined"));
  EXPECT_THAT(failed.error().message, HasSubstr(":2"));
  EXPECT_EQ(render("{% macro m() %}{{ raise_exception('No: ' ~ 1) }}{% endmacro %}{{ m() }}")
                .error()
                .message,
            "No: 1");
}

TEST(ChatTemplate, HostileTemplatesEnd) {
  const auto code = [](std::string_view source) {
    const auto rendered = render(source);
    return rendered ? Code::kInternal : rendered.error().code;
  };
  constexpr std::string_view kLoop = "{% for a in range(99999) %}";
  constexpr std::string_view kEnd = "{% endfor %}";
  const auto looped = [&](std::string_view body) {
    return fmt::format("{}{}{}", kLoop, body, kEnd);
  };
  EXPECT_EQ(code(looped(looped("x"))), Code::kResourceExhausted);
  EXPECT_EQ(code("{% set n = namespace(v='xx') %}" + looped("{% set n.v = n.v ~ n.v %}")),
            Code::kResourceExhausted);
  EXPECT_EQ(code("{% set n = namespace(v=[]) %}" + looped("{% set n.v = [n.v] %}")),
            Code::kResourceExhausted);
  EXPECT_EQ(code("{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}"), Code::kInvalidArgument);
  // Values as deep as the fuel allows, printed and freed.
  EXPECT_TRUE(
      render("{% set n = namespace(v=[]) %}{% for a in range(15000) %}"
             "{% set n.v = [n.v] %}{% endfor %}{{ n.v | string | length }}"));
  EXPECT_EQ(code("{% set n = namespace(v=[]) %}{% for a in range(15000) %}"
                 "{% set n.v = [n.v] %}{% endfor %}{{ n.v | tojson }}"),
            Code::kInvalidArgument);
}

TEST(ChatTemplate, HostileSourcesAreRefused) {
  std::string chain = "{{ messages";
  for (int i = 0; i < 40'000; ++i) chain += "|e";
  EXPECT_TRUE(render(chain + " }}")) << "compiles on a deep stack";
  std::string sum = "{{ 1";
  for (int i = 0; i < 300; ++i) sum += "~1";
  EXPECT_EQ(render(sum + " }}").error().code, Code::kUnsupported);
  std::string nested = "{{ ";
  for (int i = 0; i < 50'000; ++i) nested += "(";
  EXPECT_EQ(render(nested).error().code, Code::kUnsupported);
  EXPECT_EQ(render(std::string(300'000, 'x')).error().code, Code::kUnsupported);
}

}  // namespace
}  // namespace spyre::text
