#include "checkpoint/pooler_config.h"

#include <algorithm>

#include "checkpoint/json_reader.h"

namespace spyre::checkpoint {

namespace {

constexpr std::string_view kSource = "--pooler-config";

struct TypeName {
  std::string_view name;
  PoolingType type;
};
constexpr TypeName kTypes[] = {{"CLS", PoolingType::kCls},
                               {"MEAN", PoolingType::kMean},
                               {"MAX", PoolingType::kMax},
                               {"LAST", PoolingType::kLast}};

// Of vLLM's pooler settings; null says the same as leaving one out.
constexpr std::string_view kKnown[] = {"pooling_type",   "seq_pooling_type", "normalize",
                                       "use_activation", "max_embed_len",    "dimensions"};
constexpr std::string_view kNotOurs[] = {
    "enable_chunked_processing", "logit_bias",      "logit_mean", "logit_sigma", "step_tag_id",
    "returned_token_ids",        "tok_pooling_type"};

Status check_keys(const Json& options) {
  for (const auto& [key, value] : options.items()) {
    const std::string_view name = key;
    if (value.is_null() || std::ranges::find(kKnown, name) != std::end(kKnown)) continue;
    if (std::ranges::find(kNotOurs, name) != std::end(kNotOurs)) {
      if (value == false) continue;
      return error(Code::kUnsupported, "{}: '{}' is not supported; supported are {}", kSource, name,
                   fmt::join(kKnown, ", "));
    }
    return error(Code::kInvalidArgument, "{}: wanted {}, found '{}'", kSource,
                 fmt::join(kKnown, ", "), name);
  }
  return {};
}

void read_type(JsonReader& r, Pooling& pooling) {
  const char* key = r.has("pooling_type") ? "pooling_type" : "seq_pooling_type";
  if (!r.has(key)) return;
  std::string name = r.text(key, "");
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const auto found = std::ranges::find(kTypes, std::string_view(name), &TypeName::name);
  if (found == std::end(kTypes)) return r.fail(key, "CLS, MEAN, MAX or LAST");
  pooling.type = found->type;
}

}  // namespace

Pooling pooling_of_decoder(const ModelConfig& config) {
  Pooling pooling;
  pooling.type = PoolingType::kLast;
  pooling.normalize = true;
  pooling.max_tokens = config.max_positions;
  return pooling;
}

Result<Pooling> with_pooler_config(const Json& options, const ModelConfig& config,
                                   Pooling pooling) {
  if (!options.is_object()) {
    return error(Code::kInvalidArgument, "{}: wanted a JSON object", kSource);
  }
  SPYRE_TRY(check_keys(options));
  JsonReader r(options, kSource);
  read_type(r, pooling);
  bool& follows = pooling.task == PoolingTask::kEmbed ? pooling.normalize : pooling.activate;
  follows = r.boolean("use_activation", follows);
  follows = r.boolean("normalize", follows);
  pooling.max_tokens = r.integer("max_embed_len", pooling.max_tokens, 1, config.max_positions);
  SPYRE_TRY(r.status());
  return pooling;
}

}  // namespace spyre::checkpoint
