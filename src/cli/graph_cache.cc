#include "cli/graph_cache.h"

#include "base/cpu.h"
#include "cache/sha256.h"

namespace spyre::cli {

using config::Setting;

Result<std::optional<cache::GraphCache>> graph_cache_of(const config::Settings& settings) {
  const bool wanted =
      settings.flag(Setting::kSendnnCacheEnable) && !settings.flag(Setting::kDisableCompileCache);
  if (!wanted) return std::nullopt;
  const std::string folder = settings.text(Setting::kSendnnCacheDir);
  if (folder.empty()) {
    return error(Code::kInvalidArgument,
                 "TORCH_SENDNN_CACHE_ENABLE=1: wanted a folder in TORCH_SENDNN_CACHE_DIR, found "
                 "none");
  }
  auto opened = cache::GraphCache::open(folder);
  if (!opened) {
    return error(opened.error().code, "{}: {}", settings.label(Setting::kSendnnCacheDir),
                 opened.error().message);
  }
  return std::move(*opened);
}

std::vector<std::pair<std::string, std::string>> this_machine() {
  const CpuFeatures has = detect_cpu_features();
  std::string cpu;
  // A value of a field is printable ASCII; what a machine calls itself need not be.
  for (const char each : cpu_model_name()) cpu += each >= 0x20 && each < 0x7f ? each : '?';
  const std::pair<bool, std::string_view> features[] = {{has.avx2, "avx2"},
                                                        {has.avx512, "avx512"},
                                                        {has.avx512_vnni, "avx512_vnni"},
                                                        {has.avx512_bf16, "avx512_bf16"},
                                                        {has.amx_bf16, "amx_bf16"},
                                                        {has.amx_int8, "amx_int8"}};
  for (const auto& [there, name] : features) {
    if (there) cpu += fmt::format(" +{}", name);
  }
  // The compiler uses whatever the CPU has, named above or not.
  return {{"cpu", std::move(cpu)},
          {"cpu_flags", cache::sha256_hex(cpu_flags())},
          {"spyre", SPYRE_VERSION}};
}

}  // namespace spyre::cli
