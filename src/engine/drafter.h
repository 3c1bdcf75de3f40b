// Drafts the next tokens of one sequence: an index of its text, and a gate that says when drafts
// pay.
#pragma once

#include <algorithm>

#include "engine/draft_gate.h"
#include "engine/ngram_index.h"
#include "engine/speculation.h"

namespace spyre::engine {

// What a step has to offer for a draft.
struct DraftTerms {
  int64_t most_tokens = 0;
  int64_t sequences = 1;  // in the step
};

// Copyable: a copy goes on as the original would.
class Drafter {
 public:
  explicit Drafter(const Speculation& speculation)
      : draft_tokens_(speculation.draft_tokens),
        index_(speculation.lookup_min, speculation.lookup_max) {}

  // The sequence grew by these tokens.
  void append(std::span<const int32_t> tokens) { index_.append(tokens); }

  // A draft for the coming step, which may be empty; asked once a step. It is the current one until
  // it was judged.
  void propose(const DraftTerms& terms) {
    sequences_ = terms.sequences;
    index_.propose(std::min(terms.most_tokens, gate_.longest_draft(draft_tokens_)), draft_);
  }
  std::span<const int32_t> draft() const { return draft_; }

  // So many tokens of the draft were accepted.
  void judge(size_t accepted) {
    if (draft_.empty()) return;
    gate_.count(static_cast<int64_t>(draft_.size()), static_cast<int64_t>(accepted), sequences_);
    draft_.clear();
  }

 private:
  int64_t draft_tokens_;
  NgramIndex index_;
  DraftGate gate_;
  std::vector<int32_t> draft_;
  int64_t sequences_ = 1;  // in the step of the draft
};

}  // namespace spyre::engine
