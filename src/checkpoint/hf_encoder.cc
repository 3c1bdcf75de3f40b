#include "checkpoint/hf_encoder.h"

#include <algorithm>

#include "checkpoint/config_check.h"
#include "checkpoint/hf_fields.h"

namespace spyre::checkpoint {

namespace {

struct Family {
  std::string_view stem;          // of the names of its classes
  std::string_view architecture;  // as graphs know it
};
constexpr Family kFamilies[] = {
    {"Bert", "BertModel"},         {"Roberta", "RobertaModel"}, {"XLMRoberta", "RobertaModel"},
    {"Camembert", "RobertaModel"}, {"MPNet", "MPNetModel"},
};

constexpr std::string_view kClassifier = "ForSequenceClassification";
constexpr std::string_view kEndings[] = {"Model", "ForMaskedLM", kClassifier};

const Family* find_family(std::string_view architecture) {
  for (const Family& family : kFamilies) {
    if (!architecture.starts_with(family.stem)) continue;
    const std::string_view ending = architecture.substr(family.stem.size());
    if (std::ranges::find(kEndings, ending) != std::end(kEndings)) return &family;
  }
  return nullptr;
}

void refuse(JsonReader& r, std::string_view source, std::string_view key, std::string_view found) {
  r.fail_with(
      {Code::kUnsupported,
       fmt::format("{}: '{}' is {}: encoders of this kind are not supported", source, key, found)});
}

void check_kind(JsonReader& r, std::string_view source) {
  const std::string positions = r.text("position_embedding_type", "absolute");
  if (positions != "absolute") {
    refuse(r, source, "position_embedding_type", fmt::format("'{}'", positions));
  }
  for (const char* key : {"is_decoder", "add_cross_attention"}) {
    if (r.boolean(key, false)) refuse(r, source, key, "true");
  }
}

void read_sizes(JsonReader& r, ModelConfig& c) {
  c.hidden_size = r.required_integer("hidden_size", 1, kMaxWidth);
  c.intermediate_size = r.required_integer("intermediate_size", 1, kMaxWidth);
  c.num_layers = r.required_integer("num_hidden_layers", 1, kMaxLayers);
  c.num_heads = r.required_integer("num_attention_heads", 1, kMaxWidth);
  c.num_kv_heads = c.num_heads;
  c.head_dim = c.hidden_size / c.num_heads;
  if (c.hidden_size % c.num_heads != 0) {
    r.fail("num_attention_heads", fmt::format("a divisor of hidden_size {}", c.hidden_size));
  }
}

// The table of positions has max_position_embeddings rows. RoBERTa and MPNet leave those up to the
// pad token's to padding and start behind them; MPNet takes 1 for it, whatever its config says.
void read_positions(JsonReader& r, ModelConfig& c) {
  constexpr int32_t kUsualPad = 1;
  if (c.architecture == "MPNetModel") c.first_position = kUsualPad + 1;
  if (c.architecture == "RobertaModel") {
    c.first_position = int64_t{c.pad_token_id.value_or(kUsualPad)} + 1;
  }
  const int64_t rows = r.integer("max_position_embeddings", 512, 1, kMaxPositions);
  c.max_positions = rows - c.first_position;
  if (c.max_positions < 1) {
    r.fail("max_position_embeddings",
           fmt::format("more than {}, the first token's position", c.first_position));
  }
}

// id2label: {"0": "negative", ...}; transformers leaves it out where it is two labels without
// names.
std::vector<std::string> read_labels(JsonReader& r) {
  constexpr int64_t kMaxLabels = 1 << 16;
  const Json* listed = r.object("id2label");
  const auto count = listed != nullptr ? static_cast<int64_t>(listed->size())
                                       : r.integer("num_labels", 2, 1, kMaxLabels);
  if (count < 1 || count > kMaxLabels) {
    r.fail("id2label", fmt::format("1 to {} labels", kMaxLabels));
    return {};
  }
  std::vector<std::string> labels;
  for (int64_t id = 0; id < count; ++id) {
    labels.push_back(fmt::format("LABEL_{}", id));
    if (listed == nullptr) continue;
    const auto named = listed->find(std::to_string(id));
    if (named == listed->end() || !named->is_string()) {
      r.fail("id2label", fmt::format("a name for each id from 0 to {}", count - 1));
      return {};
    }
    labels.back() = named->get<std::string>();
  }
  return labels;
}

// Cross-encoders say what becomes of a logit: nothing, where rerankers were trained on logits.
bool keeps_logits(JsonReader& r, std::string_view source) {
  constexpr std::string_view kIdentity = "torch.nn.modules.linear.Identity";
  constexpr std::string_view kSigmoid = "torch.nn.modules.activation.Sigmoid";
  const char* old_key = "sbert_ce_default_activation_function";
  std::string function = r.text(old_key, "");
  if (const Json* section = r.object("sentence_transformers")) {
    JsonReader inner(*section, fmt::format("{}: 'sentence_transformers'", source));
    function = inner.text("activation_fn", function);
    if (!inner.status()) r.fail_with(inner.status().error());
  }
  if (!function.empty() && function != kIdentity && function != kSigmoid) {
    refuse(r, source, "activation_fn", fmt::format("'{}'", function));
  }
  return function == kIdentity;
}

void read_classifier(JsonReader& r, std::string_view source, ModelConfig& c, Pooling& pooling) {
  pooling.task = PoolingTask::kClassify;
  pooling.labels = read_labels(r);
  const std::string problem = r.text("problem_type", "");
  pooling.exclusive_labels = problem != "multi_label_classification";
  pooling.activate = !keeps_logits(r, source) && problem != "regression";
  const bool bert = c.architecture == "BertModel";
  const auto labels = static_cast<int64_t>(pooling.labels.size());
  pooling.layers = {{.name = bert ? "pooler.dense" : "classifier.dense",
                     .inputs = c.hidden_size,
                     .outputs = c.hidden_size,
                     .bias = true,
                     .activation = HeadActivation::kTanh},
                    {.name = bert ? "classifier" : "classifier.out_proj",
                     .inputs = c.hidden_size,
                     .outputs = labels,
                     .bias = true}};
}

}  // namespace

bool is_encoder_class(std::string_view architecture) {
  return find_family(architecture) != nullptr;
}

std::vector<std::string> encoder_classes() {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) {
    for (const std::string_view ending : kEndings) {
      names.push_back(fmt::format("{}{}", family.stem, ending));
    }
  }
  return names;
}

void read_encoder(JsonReader& r, std::string_view source, ModelConfig& c) {
  const bool classifies = c.architecture.ends_with(kClassifier);
  c.architecture = find_family(c.architecture)->architecture;
  check_kind(r, source);
  read_sizes(r, c);
  read_positions(r, c);
  c.norm_eps = r.real("layer_norm_eps", 1e-12f);
  c.activation = read_activation(r, "hidden_act", "gelu");
  c.attention_bias = c.attention_output_bias = c.mlp_bias = true;
  if (c.architecture == "MPNetModel") {
    c.relative_position_buckets = r.integer("relative_attention_num_buckets", 32, 4, kMaxWidth);
  } else {
    c.num_token_types = r.integer("type_vocab_size", 2, 1, kMaxWidth);
  }
  c.pooling.emplace();
  c.pooling->max_tokens = c.max_positions;
  if (classifies) {
    read_classifier(r, source, c, *c.pooling);
  } else {
    c.pooling->normalize = true;
  }
}

}  // namespace spyre::checkpoint
