#include "text/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <regex>

#include "checkpoint/checkpoint.h"
#include "text/incremental_decoder.h"
#include "text/reference.h"

namespace spyre::text {
namespace {

using ::testing::HasSubstr;

// A tokenizer with a compiler of its own; ends at </s> or what stands for it.
struct Fixture {
  explicit Fixture(Tokenizer made)
      : tokenizer(std::move(made)),
        compiler(tokenizer, tokenizer.vocab_size() + 3, tokenizer.stop_ids()) {}

  size_t words() const { return static_cast<size_t>(tokenizer.vocab_size() + 3 + 31) / 32; }
  bool ends(int32_t id) const {
    return std::ranges::find(tokenizer.stop_ids(), id) != tokenizer.stop_ids().end();
  }

  Tokenizer tokenizer;
  GrammarCompiler compiler;
};

std::unique_ptr<Fixture> from_folder(std::string_view name) {
  return std::make_unique<Fixture>(value_of(Tokenizer::load(kReference / "tokenizers" / name)));
}

std::unique_ptr<Fixture> from_gguf(const std::filesystem::path& file) {
  const auto model = value_of(checkpoint::Checkpoint::open(file));
  return std::make_unique<Fixture>(
      value_of(Tokenizer::from_gguf(model->take_tokenizer_metadata().value())));
}

std::vector<int32_t> allowed(std::span<const uint32_t> words) {
  std::vector<int32_t> ids;
  for (size_t id = 0; id < words.size() * 32; ++id) {
    if ((words[id / 32] >> (id % 32)) & 1) ids.push_back(static_cast<int32_t>(id));
  }
  return ids;
}

// The text of a random walk, as a model's answer after "a"; nothing when it did not end.
std::optional<std::string> walk(const Fixture& fixture, const Grammar& grammar, uint64_t seed) {
  std::mt19937_64 random(seed);
  auto state = value_of(GrammarState::create(grammar));
  const auto prompt = value_of(fixture.tokenizer.encode("a", false));
  auto decoder = value_of(IncrementalDecoder::create(fixture.tokenizer, true, prompt));
  std::vector<uint32_t> words(fixture.words());
  std::string text;
  for (int step = 0; step < 300; ++step) {
    const Status masked = state.mask(words);
    EXPECT_TRUE(masked) << masked.error().message;
    const auto ids = allowed(words);
    if (ids.empty()) return std::nullopt;
    const int32_t id = ids[random() % ids.size()];
    if (fixture.ends(id)) return text + decoder.flush();
    text += value_of(decoder.push(id));
    if (value_of(state.accept(id))) return text + decoder.flush();
  }
  return std::nullopt;
}

void expect_walks(Fixture& fixture, const GrammarSpec& spec,
                  const std::function<bool(const std::string&)>& fits) {
  const auto grammar = value_of(fixture.compiler.compile(spec));
  int ended = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto text = walk(fixture, *grammar, seed);
    if (!text) continue;
    ++ended;
    EXPECT_TRUE(fits(*text)) << *text;
  }
  EXPECT_GT(ended, 0) << spec.text;
}

void expect_every_kind(Fixture& fixture) {
  expect_walks(
      fixture, {.kind = GrammarKind::kChoice, .text = R"(["yes", "no", "é\n 3"])"},
      [](const std::string& text) { return text == "yes" || text == "no" || text == "é\n 3"; });
  expect_walks(fixture, {.kind = GrammarKind::kRegex, .text = "[a-c ]{3,8}[0-9]"},
               [](const std::string& text) {
                 return std::regex_match(text, std::regex("[a-c ]{3,8}[0-9]"));
               });
  expect_walks(fixture,
               {.kind = GrammarKind::kGrammar, .text = "root ::= \"(\" root \")\" | [xy]+ | \"z\""},
               [](const std::string& text) {
                 return std::regex_match(text, std::regex("\\(*([xy]+|z)\\)*"));
               });
  expect_walks(fixture,
               {.kind = GrammarKind::kJsonSchema,
                .text = R"({"type": "object", "properties": {"ab": {"type": "integer",
                            "minimum": -5, "maximum": 70}, "c": {"enum": [null, "x", 1]}},
                            "required": ["ab", "c"]})",
                .no_whitespace = true,
                .no_additional_properties = true},
               [](const std::string& text) {
                 const Json json = Json::parse(text, nullptr, false);
                 if (!json.is_object() || json.size() != 2) return false;
                 const Json& c = json["c"];
                 return json["ab"] >= -5 && json["ab"] <= 70 && json["ab"].is_number_integer() &&
                        (c.is_null() || c == "x" || c == 1);
               });
}

TEST(Grammar, EveryKindWithEveryTokenizerOfDecoders) {
  for (const char* name : {"bpe_gemma", "bpe_llama2", "bpe_llama3", "bpe_qwen2", "bpe_roberta",
                           "bpe_smollm", "unigram_bytes"}) {
    SCOPED_TRACE(name);
    expect_every_kind(*from_folder(name));
  }
}

TEST(Grammar, EveryKindWithTokenizersOfGgufFiles) {
  for (const auto& folder : reference_folders("gguf")) {
    SCOPED_TRACE(folder.filename());
    expect_every_kind(*from_gguf(folder / "model.gguf"));
  }
}

TEST(Grammar, TheSameTextIsCompiledOnce) {
  const auto fixture = from_folder("bpe_smollm");
  const GrammarSpec spec{.kind = GrammarKind::kRegex, .text = "ab?"};
  const auto first = value_of(fixture->compiler.compile(spec));
  EXPECT_EQ(value_of(fixture->compiler.compile(spec)), first);
  GrammarSpec other = spec;
  other.kind = GrammarKind::kGrammar;
  EXPECT_FALSE(fixture->compiler.compile(other));
  for (int i = 0; i < 40; ++i) {
    other = {.kind = GrammarKind::kRegex, .text = fmt::format("a{{{}}}", i + 1)};
    EXPECT_TRUE(fixture->compiler.compile(other));
  }
  EXPECT_NE(value_of(fixture->compiler.compile(spec)), first);
}

TEST(Grammar, AGrammarOutlivesItsCompiler) {
  auto fixture = from_folder("bpe_smollm");
  const auto grammar = value_of(fixture->compiler.compile({GrammarKind::kChoice, R"(["ab"])"}));
  auto state = value_of(GrammarState::create(*grammar));
  std::vector<uint32_t> words(fixture->words());
  const auto id = fixture->tokenizer.token_id("a");
  fixture.reset();
  EXPECT_TRUE(state.mask(words));
  EXPECT_TRUE(state.accept(*id));
}

TEST(Grammar, StatesOfOneGrammarAreIndependent) {
  const auto fixture = from_folder("bpe_smollm");
  const auto grammar = value_of(fixture->compiler.compile(
      {.kind = GrammarKind::kJsonSchema, .text = R"({"type": "object"})"}));
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const auto once = walk(*fixture, *grammar, seed);
    EXPECT_EQ(walk(*fixture, *grammar, seed), once);
  }
}

TEST(Grammar, WhatCannotBeCompiledSaysWhy) {
  const auto fixture = from_folder("bpe_smollm");
  struct Case {
    GrammarSpec spec;
    Code code;
    const char* words;
  };
  const Case kCases[] = {
      {{GrammarKind::kJsonSchema, "{"}, Code::kInvalidArgument, "line 1"},
      {{GrammarKind::kJsonSchema, "\xff"}, Code::kInvalidArgument, "UTF-8"},
      {{GrammarKind::kJsonSchema, R"({"if": {}})"}, Code::kUnsupported, "\"if\""},
      {{GrammarKind::kRegex, "["}, Code::kInvalidArgument, "unclosed"},
      {{GrammarKind::kChoice, "[]"}, Code::kInvalidArgument, "at least one"},
      {{GrammarKind::kGrammar, "root ::= \"a\" $"}, Code::kInvalidArgument, "line 1, column 14"},
      {{GrammarKind::kRegex, std::string(70'000, 'a')}, Code::kResourceExhausted, "65536"},
  };
  for (const Case& each : kCases) {
    SCOPED_TRACE(each.spec.text.substr(0, 40));
    const auto compiled = fixture->compiler.compile(each.spec);
    ASSERT_FALSE(compiled);
    EXPECT_EQ(compiled.error().code, each.code) << compiled.error().message;
    EXPECT_THAT(compiled.error().message, HasSubstr(each.words));
  }
}

}  // namespace
}  // namespace spyre::text
