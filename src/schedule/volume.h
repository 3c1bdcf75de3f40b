// The volume of a batch, rows times padded length, over all steps to come: a card cannot take more
// than a limit (VLLM_DT_MAX_BATCH_TKV_LIMIT).
#pragma once

#include <cstdint>
#include <vector>

namespace spyre::schedule {

// The largest volume of a batch in which a request that may come to `reach` positions is beside
// others, which may come to `others`, until the first of both is alone: what those reach together
// after its end was looked at when they joined, and one alone may always run. 0: no others.
int64_t most_volume(int64_t reach, std::vector<int64_t> others);

}  // namespace spyre::schedule
