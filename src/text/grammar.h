// What an answer must look like: JSON of a schema, text that a regular expression matches, one of
// some choices, a grammar in Lark or EBNF, or free text with tags of JSON. Compiled once for a
// tokenizer and a model's vocabulary, then followed token by token: which tokens may come next, and
// which one came. A thin owner of the library behind crates/text; it knows nothing of logits or
// requests.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "text/tokenizer.h"

struct SpyreTextGrammar;
struct SpyreTextGrammarCompiler;
struct SpyreTextGrammarState;

namespace spyre::text {

enum class GrammarKind {
  kJsonSchema,  // text: a JSON schema
  kRegex,       // text: a regular expression that the whole answer matches
  kChoice,      // text: a JSON list of texts
  kGrammar,     // text: Lark, or EBNF with rules as `name ::= ...`, which begins at `root`
  kTags,        // text: a JSON object of structures (begin, schema, end) and triggers: free text in
                // which a trigger begins a structure
};

struct GrammarSpec {
  GrammarKind kind = GrammarKind::kJsonSchema;
  std::string text = {};
  // Of JSON: a regular expression for what may stand between its tokens; none: a few blanks.
  std::optional<std::string> whitespace_pattern = {};
  bool no_whitespace = false;             // of JSON: nothing stands between its tokens
  bool no_additional_properties = false;  // of JSON: no properties but those that a schema names

  bool operator==(const GrammarSpec&) const = default;
};

// A compiled grammar. Const use is safe from many threads at once; needs nothing of its compiler.
class Grammar {
 private:
  friend class GrammarCompiler;
  friend class GrammarState;
  struct Free {
    void operator()(SpyreTextGrammar* grammar) const;
  };

  std::unique_ptr<SpyreTextGrammar, Free> handle_;
};

// A grammar after the tokens of one sequence. Used by one thread at a time.
class GrammarState {
 public:
  // Before the first token. Needs nothing of the grammar afterwards.
  static Result<GrammarState> create(const Grammar& grammar);

  // Bit i % 32 of words[i / 32] says whether token i may come next; where the grammar has ended,
  // only tokens that end an answer may. words: at least the vocabulary's bits; those beyond are 0.
  // Errors: kResourceExhausted (more work than a token may take), kInvalidArgument (no token of the
  // vocabulary spells what must follow).
  Status mask(std::span<uint32_t> words);

  // The sequence grew by a token that the mask allowed. True: nothing may follow it.
  // Errors: as mask(), and kInvalidArgument for a token that was not allowed.
  Result<bool> accept(int32_t token);

 private:
  struct Free {
    void operator()(SpyreTextGrammarState* state) const;
  };
  explicit GrammarState(SpyreTextGrammarState* state) : handle_(state) {}

  std::unique_ptr<SpyreTextGrammarState, Free> handle_;
};

// Thread-safe; one compilation at a time. The first one also sorts the vocabulary, which takes a
// while. What was asked for last is kept: clients send the same schema again and again.
class GrammarCompiler {
 public:
  // Borrows the tokenizer for its life. vocab_size: of the model's logits. ends: the tokens that
  // end an answer, allowed wherever the grammar may end.
  GrammarCompiler(const Tokenizer& tokenizer, int64_t vocab_size, std::vector<int32_t> ends);
  GrammarCompiler(const GrammarCompiler&) = delete;
  GrammarCompiler& operator=(const GrammarCompiler&) = delete;
  ~GrammarCompiler();

  // Time and memory are bounded whatever the text. Errors: kInvalidArgument (not of that kind; says
  // where), kUnsupported (a keyword or format that there is not), kResourceExhausted (too large).
  Result<std::shared_ptr<const Grammar>> compile(const GrammarSpec& spec);

 private:
  struct Free {
    void operator()(SpyreTextGrammarCompiler* compiler) const;
  };
  struct Kept {
    GrammarSpec spec;
    std::shared_ptr<const Grammar> grammar;
  };

  Status prepare();
  Result<std::shared_ptr<const Grammar>> make(const GrammarSpec& spec);

  const Tokenizer& tokenizer_;
  const int64_t vocab_size_;
  const std::vector<int32_t> ends_;
  std::mutex mutex_;  // guards all below
  std::unique_ptr<SpyreTextGrammarCompiler, Free> handle_;
  std::list<Kept> kept_;  // used last first
};

}  // namespace spyre::text
