// `spyre inspect`: what a model is, without reading its weights: architecture, parameters, formats,
// memory.
#include <map>

#include "cli/commands.h"
#include "cli/locate_model.h"
#include "cli/open_model.h"
#include "model/model.h"
#include "runner/kv_shape.h"
#include "runner/weight_outline.h"

namespace spyre::cli {

namespace {

using config::Setting;

struct FormatTotal {
  int64_t tensors = 0;
  int64_t parameters = 0;
  int64_t packed_bytes = 0;
};

struct Report {
  std::map<Format, FormatTotal> formats;
  int64_t parameters = 0;
  int64_t packed_bytes = 0;
};

int64_t elements(const std::vector<int64_t>& shape) {
  int64_t product = 1;
  for (const int64_t dim : shape) product *= dim;
  return product;
}

Result<Report> examine(const checkpoint::Checkpoint& checkpoint,
                       const runner::Precision& precision) {
  const checkpoint::ModelConfig& config = checkpoint.config();
  SPYRE_TRY_ASSIGN(const graph::Graph graph, model::build(config, {}, config.max_positions));
  std::map<std::string, bool> seen;
  Report report;
  for (const graph::Node& node : graph.nodes()) {
    if (node.op != graph::Op::kWeight || !seen.emplace(node.name, true).second) continue;
    SPYRE_TRY_ASSIGN(const auto tensor, checkpoint.tensor_outline(node.name, node.type.dims));
    SPYRE_TRY_ASSIGN(const auto outline, runner::outline_weight(tensor, precision));
    FormatTotal& total = report.formats[tensor.format];
    const int64_t bytes = runner::filled_bytes(outline);
    ++total.tensors;
    total.parameters += elements(tensor.shape);
    total.packed_bytes += bytes;
    report.parameters += elements(tensor.shape);
    report.packed_bytes += bytes;
  }
  return report;
}

double megabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e6; }

std::string_view name(checkpoint::PoolingType type) {
  switch (type) {
    case checkpoint::PoolingType::kCls:
      return "first token";
    case checkpoint::PoolingType::kMean:
      return "mean of the tokens";
    case checkpoint::PoolingType::kMax:
      return "largest of the tokens";
    case checkpoint::PoolingType::kLast:
      return "last token";
  }
  return "";
}

void print(const checkpoint::Pooling& pooling, int64_t hidden_size) {
  const bool embeds = pooling.task == checkpoint::PoolingTask::kEmbed;
  fmt::print("pooling       {}, {} layers behind it, {} {}{}; texts of up to {} tokens\n",
             name(pooling.type), pooling.layers.size(), pooling.columns(hidden_size),
             embeds ? "columns" : "labels", pooling.normalize ? ", length 1" : "",
             pooling.max_tokens);
}

void print(const checkpoint::Checkpoint& checkpoint, const Report& report, Format kv_format) {
  const checkpoint::ModelConfig& c = checkpoint.config();
  const backend::KvCacheShape kv = runner::kv_shape(c, kv_format, 1);
  fmt::print("architecture  {}\n", c.architecture);
  fmt::print("parameters    {:.1f} M\n", static_cast<double>(report.parameters) / 1e6);
  fmt::print("layers        {} of hidden size {}, intermediate size {}\n", c.num_layers,
             c.hidden_size, c.intermediate_size);
  fmt::print("attention     {} heads, {} KV heads, head size {}\n", c.num_heads, c.num_kv_heads,
             c.head_dim);
  if (c.num_experts > 0) {
    fmt::print("experts       {}, {} per token\n", c.num_experts, c.experts_per_token);
  }
  fmt::print("vocabulary    {}\n", c.vocab_size);
  fmt::print("context       {} tokens\n", c.max_positions);
  if (c.pooling) print(*c.pooling, c.hidden_size);
  fmt::print("\n{:<10} {:>8} {:>14} {:>14}\n", "format", "tensors", "parameters", "in memory MB");
  for (const auto& [format, total] : report.formats) {
    fmt::print("{:<10} {:>8} {:>14} {:>14.1f}\n", name(format), total.tensors, total.parameters,
               megabytes(total.packed_bytes));
  }
  fmt::print("\nweight files  {:.1f} MB\n", megabytes(checkpoint.file_bytes()));
  fmt::print("weights       {:.1f} MB in memory\n", megabytes(report.packed_bytes));
  fmt::print("KV cache      {:.3f} MB per 64 tokens ({}), {:.1f} MB per sequence of {} tokens\n",
             megabytes(kv.block_bytes()), name(kv_format),
             megabytes(kv.block_bytes() * ((c.max_positions + 63) / 64)), c.max_positions);
}

Result<int> inspect(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const std::filesystem::path path, locate_model(settings));
  SPYRE_TRY_ASSIGN(const auto checkpoint, open_checkpoint(path, settings));
  SPYRE_TRY_ASSIGN(const auto precision,
                   runner::Precision::resolve(settings.text(Setting::kDtype),
                                              checkpoint->config().dtype, checkpoint->is_gguf()));
  SPYRE_TRY_ASSIGN(const Report report, examine(*checkpoint, precision));
  print(*checkpoint, report, precision.kv);
  return 0;
}

}  // namespace

int run_inspect(const config::Settings& settings) {
  const Result<int> status = inspect(settings);
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
