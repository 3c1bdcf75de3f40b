// Speculation by prompt lookup: where a text repeats its prompt or itself, the tokens that followed
// last time are drafted, and one decode step checks the whole draft, a row a token. Every token is
// still sampled from its own row, so answers are those without speculation; only speed differs.
// Saxena 2023, "Prompt Lookup Decoding"; checking a draft in one step: Leviathan et al. 2022
// (arXiv 2211.17192).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace spyre::engine {

inline constexpr int64_t kMostDraftTokens = 16;

// The keys of --speculative-config.
struct Speculation {
  int64_t draft_tokens = 4;  // of a draft, at most: 1 to kMostDraftTokens
  int64_t lookup_max = 4;    // tokens at the text's end that are looked for, the longest first
  int64_t lookup_min = 2;    // at least 1
};

// 0: there is no speculation.
inline int64_t most_draft_tokens(const std::optional<Speculation>& speculation) {
  return speculation ? speculation->draft_tokens : 0;
}

// What became of drafts.
struct DraftCounts {
  int64_t drafts = 0;
  int64_t draft_tokens = 0;
  int64_t accepted_tokens = 0;
  std::array<int64_t, kMostDraftTokens> accepted_at = {};  // of them, by place in the draft

  void add(size_t drafted, size_t accepted) {
    ++drafts;
    draft_tokens += static_cast<int64_t>(drafted);
    accepted_tokens += static_cast<int64_t>(accepted);
    for (size_t i = 0; i < accepted; ++i) ++accepted_at[i];
  }
  DraftCounts& operator+=(const DraftCounts& other) {
    drafts += other.drafts;
    draft_tokens += other.draft_tokens;
    accepted_tokens += other.accepted_tokens;
    for (size_t i = 0; i < accepted_at.size(); ++i) accepted_at[i] += other.accepted_at[i];
    return *this;
  }
};

}  // namespace spyre::engine
