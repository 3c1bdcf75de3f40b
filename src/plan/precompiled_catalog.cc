#include "plan/precompiled_catalog.h"

#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "base/mapped_file.h"

namespace spyre::plan {

namespace {

namespace fs = std::filesystem;

// Far more than anyone compiles.
constexpr size_t kMostBytes = size_t{16} << 20;
constexpr size_t kMostEntries = 100'000;
constexpr size_t kMostShapes = 1'000;

std::optional<int64_t> integer(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = problem == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

// The field of an object under the first of its names; null where there is none.
const Json* field(const Json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = object.find(name);
    if (found != object.end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

std::string text_of(const Json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

// Numbers come from variables, and so they are often texts.
std::optional<int64_t> number_of(const Json* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return integer(value->get_ref<const std::string&>());
  if (value->is_number_unsigned() && value->get<uint64_t>() > INT64_MAX) return std::nullopt;
  if (value->is_number_integer()) return value->get<int64_t>();
  return std::nullopt;
}

// "64,128", [64, 128] or 64; empty where any of it is no number.
std::vector<int64_t> numbers_of(const Json* value) {
  if (value == nullptr) return {};
  std::vector<int64_t> numbers;
  const auto add = [&](std::optional<int64_t> number) {
    if (number && numbers.size() < kMostShapes) numbers.push_back(*number);
    return number.has_value();
  };
  if (value->is_array()) {
    for (const Json& each : *value) {
      if (!add(number_of(&each))) return {};
    }
  } else if (value->is_string()) {
    std::string_view rest = value->get_ref<const std::string&>();
    for (size_t comma = 0; comma != std::string_view::npos; rest.remove_prefix(comma + 1)) {
      comma = rest.find(',');
      if (!add(integer(rest.substr(0, comma)))) return {};
      if (comma == std::string_view::npos) break;
    }
  } else if (!add(number_of(value))) {
    return {};
  }
  return numbers;
}

PrecompiledEntry read_entry(const Json& json) {
  PrecompiledEntry entry;
  entry.version = text_of(field(json, {"sendnn_inference_version", "vllm_spyre_version"}));
  const Json* data = field(json, {"data"});
  if (data == nullptr || !data->is_object()) return entry;
  entry.model_name = text_of(field(*data, {"MODEL_NAME"}));
  entry.num_aius = number_of(field(*data, {"NUM_AIUS"}));
  entry.max_context_len = number_of(field(*data, {"VLLM_DT_MAX_CONTEXT_LEN"}));
  entry.max_batch_size = number_of(field(*data, {"VLLM_DT_MAX_BATCH_SIZE"}));
  entry.prompt_lens = numbers_of(
      field(*data, {"SENDNN_INFERENCE_WARMUP_PROMPT_LENS", "VLLM_SPYRE_WARMUP_PROMPT_LENS"}));
  entry.new_tokens = numbers_of(
      field(*data, {"SENDNN_INFERENCE_WARMUP_NEW_TOKENS", "VLLM_SPYRE_WARMUP_NEW_TOKENS"}));
  entry.batch_sizes = numbers_of(
      field(*data, {"SENDNN_INFERENCE_WARMUP_BATCH_SIZES", "VLLM_SPYRE_WARMUP_BATCH_SIZES"}));
  return entry;
}

// The same shapes in any order.
bool has_shapes(const PrecompiledEntry& entry, const std::vector<schedule::Shape>& shapes) {
  const size_t count = entry.prompt_lens.size();
  const bool answers = !entry.new_tokens.empty();
  if (count != shapes.size() || entry.batch_sizes.size() != count ||
      (answers && entry.new_tokens.size() != count)) {
    return false;
  }
  std::vector<schedule::Shape> listed;
  listed.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    listed.push_back(
        {entry.prompt_lens[i], answers ? entry.new_tokens[i] : 0, entry.batch_sizes[i]});
  }
  std::vector<schedule::Shape> wanted = shapes;
  if (!answers) {
    for (schedule::Shape& shape : wanted) shape.new_tokens = 0;
  }
  return std::ranges::is_permutation(listed, wanted);
}

bool is_compiled_for(const PrecompiledEntry& entry, const RunShape& run) {
  if (entry.num_aius != run.tensor_parallel) return false;
  if (!run.shapes.empty()) return has_shapes(entry, run.shapes);
  return entry.max_context_len == run.max_model_len && entry.max_batch_size == run.max_num_seqs;
}

// An entry of this name and version, else of this name, else any.
const PrecompiledEntry* best_match(const PrecompiledCatalog& catalog, std::string_view model_name,
                                   const RunShape& run, std::string_view version) {
  const PrecompiledEntry* best = nullptr;
  int best_score = -1;
  for (const PrecompiledEntry& entry : catalog.entries) {
    if (!is_compiled_for(entry, run)) continue;
    const int score = (entry.model_name == model_name ? 2 : 0) + (entry.version == version ? 1 : 0);
    if (score > best_score) best = &entry;
    best_score = std::max(score, best_score);
  }
  return best;
}

// Entries come from a file: printable, and not a page of it.
std::string shown(std::string text) {
  constexpr size_t kMost = 200;
  text.resize(std::min(text.size(), kMost));
  std::ranges::replace_if(text, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace

Result<PrecompiledCatalog> parse_precompiled_catalog(std::string_view text,
                                                     std::string_view source) {
  SPYRE_TRY_ASSIGN(const Json json, parse_json(text, source));
  PrecompiledCatalog catalog{.source = std::string(source), .entries = {}};
  if (json.is_object()) {
    if (!json.empty()) catalog.entries.push_back(read_entry(json));
    return catalog;
  }
  if (!json.is_array() || json.size() > kMostEntries) {
    return error(Code::kInvalidArgument,
                 "{}: wanted a JSON list of at most {} compiled models, one of them, or {{}}",
                 source, kMostEntries);
  }
  for (const Json& each : json) {
    if (!each.is_object()) {
      return error(Code::kInvalidArgument,
                   "{}: wanted a JSON object for each compiled model, found {}", source,
                   each.type_name());
    }
    catalog.entries.push_back(read_entry(each));
  }
  return catalog;
}

PrecompiledEntry entry_of(std::string_view version, std::string_view model_name,
                          const RunShape& run) {
  PrecompiledEntry entry;
  entry.version = version;
  entry.model_name = model_name;
  entry.num_aius = run.tensor_parallel;
  for (const schedule::Shape& each : run.shapes) {
    entry.prompt_lens.push_back(each.prompt_tokens);
    entry.new_tokens.push_back(each.new_tokens);
    entry.batch_sizes.push_back(each.batch_size);
  }
  if (run.shapes.empty()) {
    entry.max_context_len = run.max_model_len;
    entry.max_batch_size = run.max_num_seqs;
  }
  return entry;
}

Result<std::string> add_to_catalog(std::string_view text, std::string_view source,
                                   const PrecompiledEntry& entry) {
  SPYRE_TRY_ASSIGN(Json json, parse_json(text.empty() ? "[]" : text, source));
  SPYRE_TRY(parse_precompiled_catalog(json.dump(), source));
  if (json.is_object()) json = json.empty() ? Json::array() : Json::array({json});
  Json data = {{"MODEL_NAME", entry.model_name}, {"NUM_AIUS", *entry.num_aius}};
  if (entry.max_context_len) {
    data["VLLM_DT_MAX_CONTEXT_LEN"] = *entry.max_context_len;
    data["VLLM_DT_MAX_BATCH_SIZE"] = *entry.max_batch_size;
  } else {
    const auto list = [](const std::vector<int64_t>& numbers) {
      return fmt::format("{}", fmt::join(numbers, ","));
    };
    data["VLLM_SPYRE_WARMUP_PROMPT_LENS"] = list(entry.prompt_lens);
    data["VLLM_SPYRE_WARMUP_NEW_TOKENS"] = list(entry.new_tokens);
    data["VLLM_SPYRE_WARMUP_BATCH_SIZES"] = list(entry.batch_sizes);
  }
  const Json added = {{"vllm_spyre_version", entry.version}, {"data", data}};
  if (std::ranges::find(json, added) == json.end()) json.push_back(added);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<PrecompiledCatalog> read_precompiled_catalog(const CacheSettings& cache) {
  std::error_code ignored;
  if (!cache.enabled || cache.folder.empty() || !fs::is_directory(cache.folder, ignored)) {
    return error(Code::kInvalidArgument,
                 "VLLM_SPYRE_REQUIRE_PRECOMPILED_DECODERS=1: wanted compiled graphs, with "
                 "TORCH_SENDNN_CACHE_ENABLE=1 and their folder in TORCH_SENDNN_CACHE_DIR, found {}",
                 !cache.enabled         ? std::string("the cache switched off")
                 : cache.folder.empty() ? std::string("no TORCH_SENDNN_CACHE_DIR")
                                        : fmt::format("no folder '{}'", cache.folder.string()));
  }
  fs::path path = cache.folder / kCatalogFile;
  if (!fs::exists(path, ignored)) path = cache.folder / kCompileLogFile;
  if (!fs::exists(path, ignored)) {
    return error(Code::kNotFound,
                 "VLLM_SPYRE_REQUIRE_PRECOMPILED_DECODERS=1: wanted {} or {} in "
                 "TORCH_SENDNN_CACHE_DIR ({}), found neither; a file of {{}} will do",
                 kCatalogFile, kCompileLogFile, cache.folder.string());
  }
  // Its error says that a folder is no file.
  SPYRE_TRY_ASSIGN(const MappedFile file, MappedFile::open(path));
  const auto bytes = file.bytes();
  if (bytes.size() > kMostBytes) {
    return error(Code::kInvalidArgument, "{}: wanted at most {} bytes, found {}", path.string(),
                 kMostBytes, bytes.size());
  }
  return parse_precompiled_catalog({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                   path.string());
}

std::vector<std::string> precompiled_warnings(const PrecompiledCatalog& catalog,
                                              std::string_view model_name, const RunShape& run,
                                              std::string_view version) {
  const PrecompiledEntry* entry = best_match(catalog, model_name, run, version);
  if (entry == nullptr) {
    return {
        fmt::format("this run doesn't match any of the pre-compiled model configurations in {}: "
                    "model {}, {}",
                    catalog.source, model_name, text(run))};
  }
  std::vector<std::string> warnings;
  if (entry->version.empty()) {
    warnings.push_back(
        fmt::format("{} does not say which version compiled this configuration; this is {}",
                    catalog.source, version));
  } else if (entry->version != version) {
    warnings.push_back(fmt::format("{}: this configuration was compiled by version {}; this is {}",
                                   catalog.source, shown(entry->version), version));
  }
  if (entry->model_name != model_name) {
    warnings.push_back(
        fmt::format("{}: this configuration was compiled for model '{}'; this is '{}'",
                    catalog.source, shown(entry->model_name), model_name));
  }
  return warnings;
}

}  // namespace spyre::plan
