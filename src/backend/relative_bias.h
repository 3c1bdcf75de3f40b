// The bias that some encoders add to attention's scores by the distance of key and query: distances
// fall into a few buckets, each with a learnt number per head. Raffel et al. 2020 (arXiv
// 1910.10683), as MPNet has it (arXiv 2004.09297).
#pragma once

#include <cstdint>
#include <vector>

#include "backend/weights.h"

namespace spyre::backend {

// The bucket of a distance, key position minus query position. Half of the buckets are for keys
// behind the query; of each half the first half holds one distance each, the others
// logarithmically more, up to 128.
int64_t relative_bucket(int64_t distance, int64_t buckets);

// weight: [buckets, heads]. Returns [heads][2 * positions], the bias of distance d at d +
// positions.
std::vector<float> relative_bias(const Weight& weight, int64_t positions);

}  // namespace spyre::backend
