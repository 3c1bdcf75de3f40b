// `spyre compile --dump`: what the compiler makes of each graph, stage by stage, on standard
// output.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "backend/create.h"

namespace spyre::cli {

class CompileDump {
 public:
  // names: "graph,passes". kInvalidArgument: a name that is no stage, with those that are.
  static Result<CompileDump> create(std::string_view names);

  bool any() const { return !stages_.empty(); }
  // Makes the backend tell of its stages, beside whoever listens already. The dump outlives the
  // backend and stays where it is.
  void attach(backend::BackendOptions& options);

 private:
  bool wants(std::string_view stage) const { return stages_.contains(stage); }
  void print(const backend::PreparedProgram& program);
  void print_code(const backend::PreparedProgram& program) const;

  std::set<std::string, std::less<>> stages_;
  std::string passes_;  // of the graph that is being prepared
};

}  // namespace spyre::cli
