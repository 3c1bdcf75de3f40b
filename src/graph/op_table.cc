#include "graph/op_table.h"

#include <algorithm>
#include <array>

#include "graph/shape_rules.h"

namespace spyre::graph {

namespace {

// The names that ops.inc uses for attribute sets.
namespace attributes {
constexpr uint32_t none = 0;
constexpr uint32_t Eps = bit(Attribute::kEps);
constexpr uint32_t Offset = bit(Attribute::kOffset);
constexpr uint32_t Factor = bit(Attribute::kFactor);
constexpr uint32_t Layer = bit(Attribute::kLayer);
constexpr uint32_t KvHeads = bit(Attribute::kKvHeads);
constexpr uint32_t HeadDim = bit(Attribute::kHeadDim);
constexpr uint32_t Scale = bit(Attribute::kScale);
constexpr uint32_t Softcap = bit(Attribute::kSoftcap);
constexpr uint32_t Window = bit(Attribute::kWindow);
constexpr uint32_t Begin = bit(Attribute::kBegin);
constexpr uint32_t Length = bit(Attribute::kLength);
constexpr uint32_t TopK = bit(Attribute::kTopK);
constexpr uint32_t Activation = bit(Attribute::kActivation);

constexpr OpInfo kOps[] = {
#define SPYRE_OP(enumerator, text, min_inputs, max_inputs, attribute_set, rule) \
  {text, min_inputs, max_inputs, attribute_set, shape_rules::rule},
#include "graph/ops.inc"
#undef SPYRE_OP
};
}  // namespace attributes

// In the order of the enum.
constexpr std::array<std::string_view, kNumAttributes> kAttributeNames = {
    "eps",     "offset", "factor", "layer",  "kv_heads", "head_dim",   "scale",
    "softcap", "window", "begin",  "length", "top_k",    "activation",
};

}  // namespace

std::span<const OpInfo> op_table() { return attributes::kOps; }

const OpInfo& info(Op op) { return attributes::kOps[static_cast<size_t>(op)]; }

std::optional<Op> op_named(std::string_view text) {
  const auto found = std::ranges::find(op_table(), text, &OpInfo::text);
  if (found == op_table().end()) return std::nullopt;
  return static_cast<Op>(found - op_table().begin());
}

std::string_view name(Attribute attribute) {
  return kAttributeNames[static_cast<size_t>(attribute)];
}

std::optional<Attribute> attribute_named(std::string_view text) {
  const auto found = std::ranges::find(kAttributeNames, text);
  if (found == kAttributeNames.end()) return std::nullopt;
  return static_cast<Attribute>(found - kAttributeNames.begin());
}

}  // namespace spyre::graph
