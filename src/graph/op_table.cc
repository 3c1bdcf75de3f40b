#include "graph/op_table.h"

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
constexpr std::array<AttributeInfo, kNumAttributes> kAttributes = {{
    {"eps", false},
    {"offset", false},
    {"factor", false},
    {"layer", true},
    {"kv_heads", true},
    {"head_dim", true},
    {"scale", false},
    {"softcap", false},
    {"window", true},
    {"begin", true},
    {"length", true},
    {"top_k", true},
    {"activation", true},
}};

}  // namespace

std::span<const OpInfo> op_table() { return attributes::kOps; }

const OpInfo& info(Op op) { return attributes::kOps[static_cast<size_t>(op)]; }

std::optional<Op> op_named(std::string_view text) {
  for (size_t i = 0; i < std::size(attributes::kOps); ++i) {
    if (attributes::kOps[i].text == text) return static_cast<Op>(i);
  }
  return std::nullopt;
}

const AttributeInfo& info(Attribute attribute) {
  return kAttributes[static_cast<size_t>(attribute)];
}

std::optional<Attribute> attribute_named(std::string_view text) {
  for (size_t i = 0; i < kAttributes.size(); ++i) {
    if (kAttributes[i].text == text) return static_cast<Attribute>(i);
  }
  return std::nullopt;
}

}  // namespace spyre::graph
