#include "checkpoint/hf_rope.h"

#include "checkpoint/config_check.h"

namespace spyre::checkpoint {

namespace {

float positive(JsonReader& r, std::string_view key) {
  const float value = r.real(key, 0.0f);
  if (!(value > 0)) r.fail(key, "a positive number");
  return value;
}

void read_llama3(JsonReader& r, RopeScaling& s) {
  s.kind = RopeScaling::Kind::kLlama3;
  s.factor = positive(r, "factor");
  s.low_freq_factor = positive(r, "low_freq_factor");
  s.high_freq_factor = positive(r, "high_freq_factor");
  s.original_max_positions =
      r.required_integer("original_max_position_embeddings", 1, kMaxPositions);
  if (s.low_freq_factor == s.high_freq_factor) {
    r.fail("high_freq_factor", "another number than low_freq_factor");
  }
}

// outer: config.json itself, where Phi-3 keeps the original length. That length then decides the
// ratio, whatever "factor" says.
void read_longrope(JsonReader& r, JsonReader& outer, const ModelConfig& c, RopeScaling& s) {
  const char* original = "original_max_position_embeddings";
  s.kind = RopeScaling::Kind::kLongRope;
  s.short_factors = r.reals("short_factor");
  s.long_factors = r.reals("long_factor");
  const bool of_model = outer.has(original);
  s.original_max_positions =
      (of_model ? outer : r).integer(original, c.max_positions, 2, kMaxPositions);
  const float ratio =
      !of_model && r.has("factor")
          ? positive(r, "factor")
          : static_cast<float>(c.max_positions) / static_cast<float>(s.original_max_positions);
  s.attention_factor = r.optional_real("attention_factor");
  if (!s.attention_factor && s.original_max_positions > 1) {
    s.attention_factor = longrope_attention_factor(ratio, s.original_max_positions);
  }
}

void read_scaling(JsonReader& r, JsonReader& outer, std::string_view source, ModelConfig& c) {
  RopeScaling& s = c.rope_scaling;
  const std::string type = r.text(r.has("rope_type") ? "rope_type" : "type", "default");
  if (type == "linear") {
    s.kind = RopeScaling::Kind::kLinear;
    s.factor = positive(r, "factor");
  } else if (type == "llama3") {
    read_llama3(r, s);
  } else if (type == "longrope" || type == "su") {
    read_longrope(r, outer, c, s);
  } else if (type != "default") {
    r.fail_with({Code::kUnsupported,
                 fmt::format("{}: rope type '{}' is not supported; supported are default, linear, "
                             "llama3 and longrope",
                             source, type)});
  }
}

}  // namespace

void read_rope(JsonReader& r, std::string_view source, ModelConfig& c) {
  const bool gemma = c.architecture == "Gemma3ForCausalLM";
  c.rope_theta = r.real("rope_theta", gemma ? 1e6f : 10000.0f);
  c.rope_local_theta = r.real("rope_local_base_freq", 10000.0f);
  c.partial_rotary_factor = r.real("partial_rotary_factor", 1.0f);
  const std::string_view key = r.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  const Json* rope = r.object(key);
  if (rope == nullptr) return;

  JsonReader by_layer_type(*rope, fmt::format("{}: '{}'", source, key));
  if (const Json* local = by_layer_type.object("sliding_attention")) {
    JsonReader local_reader(*local, fmt::format("{}: '{}'", source, key));
    c.rope_local_theta = local_reader.real("rope_theta", c.rope_local_theta);
    if (!local_reader.status()) r.fail_with(local_reader.status().error());
  }
  const Json* global = by_layer_type.object("full_attention");
  if (!by_layer_type.status()) r.fail_with(by_layer_type.status().error());

  JsonReader reader(global != nullptr ? *global : *rope, fmt::format("{}: '{}'", source, key));
  c.rope_theta = reader.real("rope_theta", c.rope_theta);
  c.partial_rotary_factor = reader.real("partial_rotary_factor", c.partial_rotary_factor);
  read_scaling(reader, r, source, c);
  if (!reader.status()) r.fail_with(reader.status().error());
}

}  // namespace spyre::checkpoint
