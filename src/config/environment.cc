#include "config/environment.h"

#include <unistd.h>

#include <cstdlib>

namespace spyre::config {

Environment Environment::of_process() {
  Variables variables;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view entry(*each);
    const size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return Environment(std::move(variables));
}

std::optional<std::string_view> Environment::find(std::string_view name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end()) return std::nullopt;
  return found->second;
}

void write_process_variable(const std::string& name, const std::string& text) {
  setenv(name.c_str(), text.c_str(), 1);
}

}  // namespace spyre::config
