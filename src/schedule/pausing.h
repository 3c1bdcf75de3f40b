// Who decodes in this step when the batch has grown beyond the volume limit: those that sat out the
// longest first, so that all of them get on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace spyre::schedule {

struct PausingOptions {
  int64_t volume_limit = 0;   // rows times tkv
  bool long_outputs = false;  // VLLM_SPYRE_LONG_OUT_PRIO: of equals, who generated more; else less
};

struct PausingCandidate {
  int64_t waited = 0;     // steps that it sat out since it last ran
  int64_t generated = 0;  // tokens
  int64_t computed = 0;   // tokens, the prompt's included
};

// The padded length of a decode batch in which each row ends in the last block: of the rows that
// hold so many tokens before the step. 0: no row.
int64_t decode_tkv(const std::vector<int64_t>& computed);

// Indices of those that decode, ascending. At least one when the limit holds any of them.
std::vector<size_t> choose_decodes(const std::vector<PausingCandidate>& candidates,
                                   const PausingOptions& options);

}  // namespace spyre::schedule
