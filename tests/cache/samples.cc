#include "cache/samples.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace spyre::cache {

KeyFields sample_fields(const std::vector<std::pair<std::string, std::string>>& changes) {
  KeyFields fields{{{"program", "prefill 512x4"},
                    {"graph", std::string(64, 'a')},
                    {"format", "Q4_1"},
                    {"cpu", "Some CPU +avx2 +avx512"},
                    {"llvm", "19.1.7"},
                    {"abi", "1"}}};
  for (const auto& [name, value] : changes) {
    std::ranges::find(fields.fields, name, &std::pair<std::string, std::string>::first)->second =
        value;
  }
  return fields;
}

Entry sample_entry(const KeyFields& fields, std::string_view payload) {
  const auto bytes = std::as_bytes(std::span(payload));
  return {.fields = fields, .about = {{"seconds", 0.5}}, .payload = {bytes.begin(), bytes.end()}};
}

std::string text_of(const std::vector<std::byte>& payload) {
  return {reinterpret_cast<const char*>(payload.data()), payload.size()};
}

std::vector<std::string> CacheTest::names() const {
  std::vector<std::string> names;
  for (const auto& each : std::filesystem::directory_iterator(folder())) {
    names.push_back(each.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void overwrite(const std::filesystem::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

}  // namespace spyre::cache
