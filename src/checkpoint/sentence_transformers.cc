#include "checkpoint/sentence_transformers.h"

#include <algorithm>
#include <filesystem>

#include "checkpoint/config_check.h"
#include "checkpoint/json_reader.h"

namespace spyre::checkpoint {

namespace {

struct ModuleName {
  std::string_view name;
  SentenceModuleKind kind;
};
constexpr ModuleName kModules[] = {{"Transformer", SentenceModuleKind::kTransformer},
                                   {"Pooling", SentenceModuleKind::kPooling},
                                   {"Dense", SentenceModuleKind::kDense},
                                   {"Normalize", SentenceModuleKind::kNormalize}};

struct ModeName {
  std::string_view flag;  // pooling_mode_<flag>
  std::string_view word;  // of pooling_mode, the newer spelling
  std::optional<PoolingType> type;
};
constexpr ModeName kModes[] = {
    {"cls_token", "cls", PoolingType::kCls},
    {"mean_tokens", "mean", PoolingType::kMean},
    {"max_tokens", "max", PoolingType::kMax},
    {"lasttoken", "lasttoken", PoolingType::kLast},
    {"mean_sqrt_len_tokens", "mean_sqrt_len_tokens", std::nullopt},
    {"weightedmean_tokens", "weightedmean", std::nullopt},
};

struct ActivationName {
  std::string_view name;  // torch.nn.modules.<name>
  HeadActivation activation;
};
constexpr ActivationName kActivations[] = {{"activation.Tanh", HeadActivation::kTanh},
                                           {"linear.Identity", HeadActivation::kIdentity},
                                           {"activation.ReLU", HeadActivation::kRelu},
                                           {"activation.GELU", HeadActivation::kGelu},
                                           {"activation.SiLU", HeadActivation::kSilu}};

Status check_object(const Json& json, std::string_view source) {
  if (json.is_object()) return {};
  return error(Code::kInvalidArgument, "{}: not an object", source);
}

// "sentence_transformers.models.Pooling", and longer paths of later versions: the last word counts.
// Classes of a checkpoint's own code are none of these.
std::string_view class_of(std::string_view type) {
  if (!type.starts_with("sentence_transformers.")) return {};
  return type.substr(type.rfind('.') + 1);
}

// A folder of this one: no way out of it.
bool is_plain(const std::string& path) {
  return !path.empty() && path != "." && path != ".." &&
         std::filesystem::path(path).filename() == path;
}

Status check_order(const std::vector<SentenceModule>& modules, std::string_view source) {
  using enum SentenceModuleKind;
  bool sound = !modules.empty() && modules[0].kind == kTransformer &&
               (modules.size() == 1 || modules[1].kind == kPooling);
  for (size_t i = 1; i < modules.size(); ++i) {
    const SentenceModuleKind before = modules[i - 1].kind;
    const SentenceModuleKind kind = modules[i].kind;
    sound = sound && (before < kind || (before == kDense && kind == kDense));
  }
  if (sound) return {};
  return error(Code::kUnsupported,
               "{}: wanted one Transformer, one Pooling, any Dense, then perhaps Normalize",
               source);
}

// The modes that are on. A file that names none has the library's default, the mean.
std::vector<const ModeName*> modes_on(JsonReader& r) {
  std::vector<std::string> words;
  if (r.has("pooling_mode")) {
    words = r.is_text("pooling_mode") ? std::vector{r.text("pooling_mode", "")}
                                      : r.texts("pooling_mode");
  }
  std::vector<const ModeName*> on;
  for (const ModeName& mode : kModes) {
    const bool flag = r.boolean(fmt::format("pooling_mode_{}", mode.flag),
                                mode.type == PoolingType::kMean && words.empty());
    const bool word = std::ranges::find(words, mode.word) != words.end();
    if (words.empty() ? flag : word) on.push_back(&mode);
  }
  return on;
}

}  // namespace

Result<std::vector<SentenceModule>> read_sentence_modules(const Json& json,
                                                          std::string_view source) {
  if (!json.is_array()) return error(Code::kInvalidArgument, "{}: not a list", source);
  std::vector<SentenceModule> modules;
  for (const Json& each : json) {
    SPYRE_TRY(check_object(each, source));
    JsonReader r(each, source);
    const std::string type = r.text("type", "");
    std::string path = r.text("path", "");
    SPYRE_TRY(r.status());
    const std::string_view name = class_of(type);
    if (name == "Dropout") continue;  // does nothing outside of training
    const auto known = std::ranges::find(kModules, name, &ModuleName::name);
    if (known == std::end(kModules)) {
      return error(Code::kUnsupported,
                   "{}: module '{}' is not supported; supported are Transformer, Pooling, Dense, "
                   "Normalize and Dropout of sentence_transformers",
                   source, type);
    }
    const bool is_transformer = known->kind == SentenceModuleKind::kTransformer;
    if (is_transformer ? !path.empty() : !is_plain(path)) {
      return error(Code::kUnsupported, "{}: module '{}': wanted {}, found folder '{}'", source,
                   type, is_transformer ? "the model's own folder" : "a folder of this one", path);
    }
    modules.push_back({known->kind, std::move(path)});
  }
  SPYRE_TRY(check_order(modules, source));
  return modules;
}

Result<PoolingType> read_pooling_mode(const Json& json, int64_t hidden_size,
                                      std::string_view source) {
  SPYRE_TRY(check_object(json, source));
  JsonReader r(json, source);
  const char* width =
      r.has("embedding_dimension") ? "embedding_dimension" : "word_embedding_dimension";
  r.integer(width, hidden_size, hidden_size, hidden_size);
  if (!r.boolean("include_prompt", true)) {
    r.fail_with({Code::kUnsupported,
                 fmt::format("{}: 'include_prompt' is false: pooling without the prompt's tokens "
                             "is not supported",
                             source)});
  }
  const std::vector<const ModeName*> on = modes_on(r);
  SPYRE_TRY(r.status());
  if (on.size() == 1 && on[0]->type) return *on[0]->type;
  std::vector<std::string_view> names;
  for (const ModeName* mode : on) names.push_back(mode->word);
  return error(Code::kUnsupported,
               "{}: wanted one pooling mode of cls, mean, max and lasttoken, found {}", source,
               names.empty() ? "none" : fmt::format("{}", fmt::join(names, " and ")));
}

Result<DenseLayer> read_dense_module(const Json& json, std::string_view path, int64_t inputs,
                                     std::string_view source) {
  SPYRE_TRY(check_object(json, source));
  JsonReader r(json, source);
  DenseLayer layer;
  layer.name = fmt::format("{}.linear", path);
  layer.inputs = r.integer("in_features", inputs, inputs, inputs);
  layer.outputs = r.required_integer("out_features", 1, kMaxWidth);
  layer.bias = r.boolean("bias", true);
  for (const char* key : {"module_input_name", "module_output_name"}) {
    if (r.text(key, "sentence_embedding") != "sentence_embedding") {
      r.fail(key, "sentence_embedding");
    }
  }
  const std::string full = r.text("activation_function", "torch.nn.modules.activation.Tanh");
  constexpr std::string_view kPrefix = "torch.nn.modules.";
  const std::string_view name =
      full.starts_with(kPrefix) ? std::string_view(full).substr(kPrefix.size()) : "";
  const auto found = std::ranges::find(kActivations, name, &ActivationName::name);
  if (found == std::end(kActivations)) {
    r.fail_with({Code::kUnsupported,
                 fmt::format("{}: activation '{}' is not supported; supported are Tanh, Identity, "
                             "ReLU, GELU and SiLU of torch",
                             source, full)});
  } else {
    layer.activation = found->activation;
  }
  SPYRE_TRY(r.status());
  return layer;
}

Status read_sentence_limits(const Json& json, std::string_view source, Pooling& pooling) {
  SPYRE_TRY(check_object(json, source));
  JsonReader r(json, source);
  const int64_t limit = r.integer("max_seq_length", pooling.max_tokens, 1, kMaxPositions);
  pooling.max_tokens = std::min(pooling.max_tokens, limit);
  if (r.boolean("do_lower_case", false)) {
    r.fail_with({Code::kUnsupported,
                 fmt::format("{}: 'do_lower_case' is not supported; set it to false if "
                             "tokenizer.json has a Lowercase or BertNormalizer of its own",
                             source)});
  }
  return r.status();
}

Status read_sentence_prompts(const Json& json, std::string_view source, Pooling& pooling) {
  SPYRE_TRY(check_object(json, source));
  JsonReader r(json, source);
  if (const Json* prompts = r.object("prompts")) {
    for (const auto& [name, text] : prompts->items()) {
      if (!text.is_string()) {
        return error(Code::kInvalidArgument, "{}: prompt '{}': wanted a string", source, name);
      }
      pooling.prompts[name] = text.get<std::string>();
    }
  }
  if (r.has("default_prompt_name")) {
    pooling.default_prompt = r.text("default_prompt_name", "");
    if (!pooling.prompts.contains(*pooling.default_prompt)) {
      r.fail("default_prompt_name", "the name of a prompt");
    }
  }
  return r.status();
}

}  // namespace spyre::checkpoint
