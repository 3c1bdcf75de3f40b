#include "checkpoint/byte_ranges.h"

#include <algorithm>

namespace spyre::checkpoint {

Status check_no_overlap(std::vector<NamedRange> ranges, std::string_view source) {
  std::erase_if(ranges, [](const NamedRange& each) { return each.data.empty(); });
  std::ranges::sort(ranges, {}, [](const NamedRange& each) { return each.data.data(); });
  for (size_t i = 1; i < ranges.size(); ++i) {
    const NamedRange& before = ranges[i - 1];
    if (before.data.data() + before.data.size() <= ranges[i].data.data()) continue;
    return error(Code::kDataLoss, "{}: tensors '{}' and '{}' overlap", source, before.name,
                 ranges[i].name);
  }
  return {};
}

}  // namespace spyre::checkpoint
