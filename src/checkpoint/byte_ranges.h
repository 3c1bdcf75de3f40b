// Tensors of one file must not share bytes: two names for the same bytes are a damaged or hostile
// file.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace spyre::checkpoint {

struct NamedRange {
  std::string_view name;
  std::span<const std::byte> data;
};

// kDataLoss names source and the first two that overlap. Empty ranges overlap nothing.
Status check_no_overlap(std::vector<NamedRange> ranges, std::string_view source);

}  // namespace spyre::checkpoint
