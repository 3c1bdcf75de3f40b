#include "text/grammar.h"

#include <algorithm>

#include "text/rust.h"

namespace spyre::text {

namespace {

constexpr size_t kMostKept = 32;

int32_t number_of(GrammarKind kind) {
  switch (kind) {
    case GrammarKind::kJsonSchema:
      return SPYRE_TEXT_GRAMMAR_JSON_SCHEMA;
    case GrammarKind::kRegex:
      return SPYRE_TEXT_GRAMMAR_REGEX;
    case GrammarKind::kChoice:
      return SPYRE_TEXT_GRAMMAR_CHOICE;
    case GrammarKind::kGrammar:
      return SPYRE_TEXT_GRAMMAR_GRAMMAR;
    case GrammarKind::kTags:
      return SPYRE_TEXT_GRAMMAR_TAGS;
  }
  return SPYRE_TEXT_GRAMMAR_GRAMMAR;
}

}  // namespace

void Grammar::Free::operator()(SpyreTextGrammar* grammar) const {
  spyre_text_grammar_free(grammar);
}

void GrammarState::Free::operator()(SpyreTextGrammarState* state) const {
  spyre_text_grammar_state_free(state);
}

Result<GrammarState> GrammarState::create(const Grammar& grammar) {
  SpyreTextGrammarState* raw = nullptr;
  SPYRE_TRY(rust::call(spyre_text_grammar_state_new, grammar.handle_.get(), &raw));
  return GrammarState(raw);
}

Status GrammarState::mask(std::span<uint32_t> words) {
  return rust::call(spyre_text_grammar_mask, handle_.get(), words.data(), words.size());
}

Result<bool> GrammarState::accept(int32_t token) {
  bool ended = false;
  SPYRE_TRY(rust::call(spyre_text_grammar_accept, handle_.get(), token, &ended));
  return ended;
}

void GrammarCompiler::Free::operator()(SpyreTextGrammarCompiler* compiler) const {
  spyre_text_grammar_compiler_free(compiler);
}

GrammarCompiler::GrammarCompiler(const Tokenizer& tokenizer, int64_t vocab_size,
                                 std::vector<int32_t> ends)
    : tokenizer_(tokenizer), vocab_size_(vocab_size), ends_(std::move(ends)) {}

GrammarCompiler::~GrammarCompiler() = default;

Result<std::shared_ptr<const Grammar>> GrammarCompiler::compile(const GrammarSpec& spec) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(kept_, spec, &Kept::spec);
  if (found != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, found);
    return found->grammar;
  }
  SPYRE_TRY(prepare());
  SPYRE_TRY_ASSIGN(auto grammar, make(spec));
  kept_.push_front({spec, grammar});
  if (kept_.size() > kMostKept) kept_.pop_back();
  return grammar;
}

Status GrammarCompiler::prepare() {
  if (handle_) return {};
  SpyreTextGrammarCompiler* raw = nullptr;
  SPYRE_TRY(rust::call(spyre_text_grammar_compiler_new, tokenizer_.handle_.get(),
                       static_cast<int32_t>(vocab_size_), ends_.data(), ends_.size(), &raw));
  handle_.reset(raw);
  return {};
}

Result<std::shared_ptr<const Grammar>> GrammarCompiler::make(const GrammarSpec& spec) {
  const SpyreTextGrammarSpec raw_spec{
      .kind = number_of(spec.kind),
      .text = rust::span(spec.text),
      .whitespace_pattern =
          spec.whitespace_pattern ? rust::span(*spec.whitespace_pattern) : rust::absent(),
      .no_whitespace = spec.no_whitespace,
      .no_additional_properties = spec.no_additional_properties};
  SpyreTextGrammar* raw = nullptr;
  SPYRE_TRY(rust::call(spyre_text_grammar_compile, handle_.get(), &raw_spec, &raw));
  auto grammar = std::make_shared<Grammar>();
  grammar->handle_.reset(raw);
  return grammar;
}

}  // namespace spyre::text
