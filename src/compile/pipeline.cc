#include "compile/pipeline.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ranges>
#include <utility>
#include <vector>

#include "compile/passes/passes.h"

namespace spyre::compile {

namespace {

using graph::Op;

struct PassInfo {
  void (*run)(Module&);
  std::string_view name;
  bool optional;
};

constexpr std::array kPasses = {
#define SPYRE_PASS(function, name, optional) PassInfo{function, name, optional},
#include "compile/passes/passes.inc"
#undef SPYRE_PASS
};

Status check_weights(const Module& module) {
  const auto check = [&](const graph::Node& node, size_t input) -> Status {
    const std::string& name = module.graph.node(node.inputs[input]).name;
    if (module.weights.contains(name)) return {};
    return error(Code::kInvalidArgument, "graph weight '{}': not among the loaded weights", name);
  };
  for (const graph::Node& node : module.graph.nodes()) {
    if (node.op == Op::kEmbed) SPYRE_TRY(check(node, 0));
    if (node.op == Op::kMatmul) SPYRE_TRY(check(node, 1));
    if (node.op != Op::kMoeMlp) continue;
    SPYRE_TRY(check(node, 2));
    SPYRE_TRY(check(node, 3));
  }
  return {};
}

Status run_pass(const PassInfo& pass, Module& module, const PipelineOptions& options) {
  using Clock = std::chrono::steady_clock;
  PassReport report = {.name = pass.name, .disabled = options.disabled.contains(pass.name)};
  if (!report.disabled) {
    const Clock::time_point began = Clock::now();
    pass.run(module);
    report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    if (const Status sound = verify(module); !sound) {
      return error(Code::kInternal, "pass {}: {}; SPYRE_DISABLE_PASSES={} goes without it",
                   pass.name, sound.error().message, pass.name);
    }
  }
  if (options.observer) options.observer(report, module);
  return {};
}

}  // namespace

Result<std::set<std::string, std::less<>>> parse_pass_names(std::string_view text) {
  std::set<std::string, std::less<>> names;
  for (const auto part : std::views::split(text, ',')) {
    const std::string_view name(part.begin(), part.end());
    if (name.empty()) continue;
    const auto found = std::ranges::find(kPasses, name, &PassInfo::name);
    if (found != kPasses.end() && found->optional) {
      names.emplace(name);
      continue;
    }
    std::vector<std::string_view> legal;
    for (const PassInfo& pass : kPasses) {
      if (pass.optional) legal.push_back(pass.name);
    }
    return error(Code::kInvalidArgument, "wanted passes out of {}, found '{}'",
                 fmt::join(legal, ", "), name);
  }
  return names;
}

Result<Module> run_passes(const graph::Graph& graph, const WeightFormats& weights,
                          const PipelineOptions& options) {
  Module module{.graph = graph, .weights = weights, .regions = {}, .views = {}};
  SPYRE_TRY(verify(module));
  SPYRE_TRY(check_weights(module));
  for (const PassInfo& pass : kPasses) SPYRE_TRY(run_pass(pass, module, options));
  return module;
}

}  // namespace spyre::compile
