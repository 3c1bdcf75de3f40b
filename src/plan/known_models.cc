#include "plan/known_models.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <span>

#include "base/yaml.h"

namespace spyre::plan {

namespace {

constexpr int64_t kLargestNumber = int64_t{1} << 40;

// Reads the models, one function a level; place() is where an error is.
class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source) {}

  Result<KnownModels> read(const Yaml& root) {
    const Yaml* models = root.find("models");
    if (!root.is_map() || models == nullptr || !models->is_map()) {
      return error(Code::kInvalidArgument, "{}: wanted models:, a map of names to models", source_);
    }
    for (const auto& [key, value] : models->entries) {
      if (!key.is_scalar() || key.text.empty()) return wrong(key, "the name of a model");
      if (std::ranges::find(known_.models, key.text, &KnownModel::name) != known_.models.end()) {
        return error(Code::kInvalidArgument, "{}: the model '{}' is there twice", place(key),
                     key.text);
      }
      SPYRE_TRY(read_model(key, value));
    }
    return std::move(known_);
  }

 private:
  std::string place(const Yaml& at) const { return fmt::format("{}, line {}", source_, at.line); }

  std::unexpected<Error> wrong(const Yaml& at, std::string_view wanted) const {
    return error(Code::kInvalidArgument, "{}: wanted {}{}", place(at), wanted,
                 model_.empty() ? "" : fmt::format(" (model '{}')", model_));
  }

  Status read_model(const Yaml& key, const Yaml& value) {
    model_ = key.text;
    SPYRE_TRY(check_keys(
        value, key,
        {"architecture", "platforms", "static_batching_configs", "continuous_batching_configs"}));
    KnownModel model;
    model.name = key.text;
    const Yaml* architecture = value.find("architecture");
    if (architecture == nullptr) return wrong(key, "architecture: with a model_type");
    SPYRE_TRY_ASSIGN(model.architecture, read_architecture(*architecture));
    SPYRE_TRY_ASSIGN(const auto platforms, list(value, "platforms"));
    for (const Yaml& each : platforms) {
      if (!each.is_scalar()) return wrong(each, "a CPU architecture such as x86_64");
      model.platforms.push_back(each.text);
    }
    SPYRE_TRY_ASSIGN(const auto static_configs, list(value, "static_batching_configs"));
    for (const Yaml& each : static_configs) SPYRE_TRY(read_static(each, model));
    SPYRE_TRY_ASSIGN(const auto continuous, list(value, "continuous_batching_configs"));
    for (const Yaml& each : continuous) SPYRE_TRY(read_continuous(each, model));
    if (model.static_configs.empty() && model.continuous_configs.empty()) {
      return wrong(key,
                   "at least one configuration, in static_batching_configs or "
                   "continuous_batching_configs, found none");
    }
    known_.models.push_back(std::move(model));
    return {};
  }

  Result<Json> read_architecture(const Yaml& value) {
    const Yaml* type = value.find("model_type");
    if (type == nullptr || !type->is_scalar()) return wrong(value, "a model_type");
    SPYRE_TRY(check_fields(value));
    return to_json(value, source_);
  }

  // A pattern says what a field is, not that it is nothing.
  Status check_fields(const Yaml& map) const {
    for (const auto& [key, value] : map.entries) {
      if (value.is_null()) {
        return error(Code::kInvalidArgument,
                     "{}: '{}' has no value; leave out what does not matter (model '{}')",
                     place(key), key.text, model_);
      }
      if (value.is_map()) SPYRE_TRY(check_fields(value));
    }
    return {};
  }

  Status read_static(const Yaml& value, KnownModel& model) {
    SPYRE_TRY(check_keys(value, value, {"tp_size", "warmup_shapes"}));
    KnownStatic config;
    SPYRE_TRY_ASSIGN(config.tensor_parallel, number(value, "tp_size"));
    SPYRE_TRY_ASSIGN(const auto shapes, list(value, "warmup_shapes"));
    for (const Yaml& each : shapes) {
      SPYRE_TRY_ASSIGN(const KnownShape shape, read_shape(each));
      config.shapes.push_back(shape);
    }
    if (config.shapes.empty()) return wrong(value, "warmup_shapes, at least one");
    // The order of shapes means nothing.
    const auto same = [&](const KnownStatic& other) {
      return other.tensor_parallel == config.tensor_parallel &&
             std::ranges::is_permutation(other.shapes, config.shapes);
    };
    if (std::ranges::any_of(model.static_configs, same)) return twice(value, text(config));
    model.static_configs.push_back(std::move(config));
    return {};
  }

  Result<KnownShape> read_shape(const Yaml& value) {
    SPYRE_TRY(check_keys(value, value, {"prompt_len", "new_tokens", "batch_size"}));
    KnownShape shape;
    SPYRE_TRY_ASSIGN(shape.prompt_tokens, number(value, "prompt_len"));
    SPYRE_TRY_ASSIGN(shape.batch_size, number(value, "batch_size"));
    if (value.find("new_tokens") != nullptr) {
      SPYRE_TRY_ASSIGN(const int64_t tokens, number(value, "new_tokens", 0));
      if (tokens > 0) shape.new_tokens = tokens;
    }
    return shape;
  }

  Status read_continuous(const Yaml& value, KnownModel& model) {
    SPYRE_TRY(
        check_keys(value, value, {"tp_size", "max_model_len", "max_num_seqs", "device_config"}));
    KnownContinuous config;
    SPYRE_TRY_ASSIGN(config.tensor_parallel, number(value, "tp_size"));
    SPYRE_TRY_ASSIGN(config.max_model_len, number(value, "max_model_len"));
    SPYRE_TRY_ASSIGN(config.max_num_seqs, number(value, "max_num_seqs"));
    if (const Yaml* device = value.find("device_config")) SPYRE_TRY(read_device(*device, config));
    const auto same = [&](const KnownContinuous& other) { return text(other) == text(config); };
    if (std::ranges::any_of(model.continuous_configs, same)) return twice(value, text(config));
    model.continuous_configs.push_back(std::move(config));
    return {};
  }

  Status read_device(const Yaml& value, KnownContinuous& config) {
    SPYRE_TRY(check_keys(value, value, {"env_vars", "num_gpu_blocks_override"}));
    if (const Yaml* variables = value.find("env_vars")) {
      if (!variables->is_map()) return wrong(*variables, "env_vars as NAME: value");
      for (const auto& [key, each] : variables->entries) {
        if (!key.is_scalar() || !each.is_scalar()) return wrong(key, "a variable as NAME: value");
        config.variables.push_back({key.text, each.text});
      }
    }
    const Yaml* blocks = value.find("num_gpu_blocks_override");
    if (blocks == nullptr) return {};
    // Older files tell versions of the card's library apart; default is for all newer ones.
    SPYRE_TRY_ASSIGN(
        config.num_gpu_blocks_override,
        blocks->is_map() ? number(*blocks, "default") : number(value, "num_gpu_blocks_override"));
    return {};
  }

  std::unexpected<Error> twice(const Yaml& at, std::string_view config) const {
    return error(Code::kInvalidArgument, "{}: the configuration {} is there twice (model '{}')",
                 place(at), config, model_);
  }

  // Typing errors and newer formats would otherwise do nothing, silently.
  Status check_keys(const Yaml& map, const Yaml& at,
                    std::initializer_list<std::string_view> wanted) {
    if (!map.is_map()) return wrong(at, fmt::format("keys {}", fmt::join(wanted, ", ")));
    for (const auto& [key, value] : map.entries) {
      if (std::ranges::find(wanted, std::string_view(key.text)) != wanted.end()) {
        if (value.is_null()) {
          return error(Code::kInvalidArgument, "{}: '{}' has no value (model '{}')", place(key),
                       key.text, model_);
        }
        continue;
      }
      known_.warnings.push_back(
          fmt::format("{}: '{}' is not known here and has no effect; known are {}", place(key),
                      key.text, fmt::join(wanted, ", ")));
    }
    return {};
  }

  // What the key has; an absent list is an empty one.
  Result<std::span<const Yaml>> list(const Yaml& map, std::string_view key) const {
    const Yaml* found = map.find(key);
    if (found == nullptr) return std::span<const Yaml>();
    if (!found->is_list()) return wrong(*found, fmt::format("a list in {}", key));
    return std::span<const Yaml>(found->items);
  }

  Result<int64_t> number(const Yaml& map, std::string_view key, int64_t least = 1) const {
    const Yaml* found = map.find(key);
    const std::string wanted = fmt::format("{}: an integer of at least {}", key, least);
    if (found == nullptr || !found->is_scalar())
      return wrong(found == nullptr ? map : *found, wanted);
    const std::string& word = found->text;
    int64_t value = 0;
    const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
    const bool whole = problem == std::errc() && end == word.data() + word.size();
    if (!whole || value < least || value > kLargestNumber) return wrong(*found, wanted);
    return value;
  }

  const std::string_view source_;
  std::string model_;  // that is being read
  KnownModels known_;
};

}  // namespace

Result<KnownModels> parse_known_models(std::string_view text, std::string_view source) {
  SPYRE_TRY_ASSIGN(const Yaml yaml, parse_yaml(text, source));
  return Reader(source).read(yaml);
}

std::string text(const KnownContinuous& config) {
  return fmt::format("tp {}, max_model_len {}, max_num_seqs {}", config.tensor_parallel,
                     config.max_model_len, config.max_num_seqs);
}

std::string text(const KnownStatic& config) {
  std::string shapes;
  for (const KnownShape& each : config.shapes) {
    shapes += fmt::format("{}({},{},{})", shapes.empty() ? "" : ", ", each.prompt_tokens,
                          each.new_tokens.value_or(0), each.batch_size);
  }
  return fmt::format("tp {}, warmup shapes {}", config.tensor_parallel, shapes);
}

}  // namespace spyre::plan
