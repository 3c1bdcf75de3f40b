// A snapshot of environment variables. The only place that looks at the process's own; everything
// else, tests included, hands a snapshot around.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace spyre::config {

class Environment {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;

  Environment() = default;
  explicit Environment(Variables variables) : variables_(std::move(variables)) {}

  // What this process was started with. Not while another thread changes its environment.
  static Environment of_process();

  std::optional<std::string_view> find(std::string_view name) const;
  const Variables& variables() const { return variables_; }

 private:
  Variables variables_;
};

// Writes a variable of this process, for libraries and children that read it. Caller: no other
// thread runs, for any of them may be reading.
void write_process_variable(const std::string& name, const std::string& text);

}  // namespace spyre::config
