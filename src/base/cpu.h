// What this process may use of the machine: instruction sets, CPUs (affinity mask, cgroup quota),
// memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace spyre {

struct CpuFeatures {
  bool avx2 = false;      // with FMA and F16C
  bool avx_vnni = false;  // in 256 bits, of CPUs without AVX-512 as well
  bool avx512 = false;    // F, BW, DQ, VL and the system saves the registers
  bool avx512_vnni = false;
  bool avx512_bf16 = false;
  bool amx_bf16 = false;  // and the system has allowed this process to use tiles
  bool amx_int8 = false;
};

// Asks the system for leave to use the tiles of AMX where there are any: call it before threads
// start.
CpuFeatures detect_cpu_features();
std::string cpu_model_name();
// What the kernel says that the CPU has: words, all of them.
std::string cpu_flags();

// CPUs in this process's affinity mask, one per physical core first, then their hyper-threads.
std::vector<int> usable_cpus();

// Threads worth starting: the usable physical cores, at most the cgroup quota (v1, v2) rounded up;
// at least 1.
int default_num_threads();

// The cgroup's limit (v1, v2) or the machine's memory, whichever is smaller.
int64_t memory_limit_bytes();

}  // namespace spyre
