// Names for code that was made at run time, where perf looks for them: /tmp/perf-PID.map, a line
// for each range of addresses.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace spyre::backend {

// kIo: the file cannot be made or written; or it was there already, of another process of this
// number.
Status add_to_perf_map(const void* begin, size_t bytes, std::string_view name);

}  // namespace spyre::backend
