// The language of VLLM_CPU_OMP_THREADS_BIND: which CPUs the compute threads are bound to.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"

namespace spyre {

// The CPU of each compute thread, in order, as ThreadPool::create takes them. Words:
//   "auto"           the first num_threads of usable_cpus
//   "nobind"         num_threads threads, bound to none (-1 each)
//   "0-3", "0,2,4-7" these CPUs, in this order
//   "0-3|4-7"        one such list per rank, of which the first is used; all are checked
// kInvalidArgument: anything else, a CPU twice within a rank, or one that is not in usable_cpus.
// usable_cpus: not empty; num_threads: at least 1, more than the CPUs for "auto" gives all of them.
Result<std::vector<int>> parse_cpu_list(std::string_view text, const std::vector<int>& usable_cpus,
                                        int num_threads);

// The same for this process: spyre::usable_cpus() and default_num_threads().
Result<std::vector<int>> parse_cpu_list(std::string_view text);

}  // namespace spyre
