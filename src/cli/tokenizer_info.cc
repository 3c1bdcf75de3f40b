#include "cli/tokenizer_info.h"

#include "checkpoint/checkpoint.h"
#include "cli/read_file.h"

namespace spyre::cli {

namespace {

namespace fs = std::filesystem;

// What the classes of transformers are called that need nothing but tokenizer.json.
constexpr std::string_view kAnyClass = "PreTrainedTokenizerFast";

// Special tokens stand as objects with flags; people want to see the text.
Json with_texts(const Json& value) {
  if (!value.is_structured()) return value;
  if (const auto content = value.find("content");
      value.is_object() && content != value.end() && content->is_string()) {
    return *content;
  }
  Json result = value;
  for (Json& each : result) each = with_texts(each);
  return result;
}

Result<Json> read_object(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return Json::object();
  SPYRE_TRY_ASSIGN(const std::string text, read_file(path));
  SPYRE_TRY_ASSIGN(Json json, parse_json(text, path.string()));
  if (json.is_object()) return json;
  return error(Code::kDataLoss, "{}: wanted an object, found {}", path.string(), json.type_name());
}

Result<Json> folder_info(const fs::path& folder) {
  SPYRE_TRY_ASSIGN(const Json config, read_object(folder / "tokenizer_config.json"));
  Json info = Json::object();
  for (const auto& [key, value] : config.items()) {
    // Named templates are objects with a name, not tokens.
    info[key] = key == "chat_template" ? value : with_texts(value);
  }
  // Paths of whoever made the model are nobody's business.
  for (const char* file :
       {"vocab_file", "merges_file", "tokenizer_file", "special_tokens_map_file", "name_or_path"}) {
    info.erase(file);
  }
  if (!info.contains("tokenizer_class")) info["tokenizer_class"] = kAnyClass;
  std::error_code ignored;
  if (const fs::path jinja = folder / "chat_template.jinja"; fs::exists(jinja, ignored)) {
    SPYRE_TRY_ASSIGN(info["chat_template"], read_file(jinja));
  } else if (const fs::path json = folder / "chat_template.json"; fs::exists(json, ignored)) {
    SPYRE_TRY_ASSIGN(const Json file, read_object(json));
    if (file.contains("chat_template")) info["chat_template"] = file["chat_template"];
  }
  return info;
}

}  // namespace

Json gguf_tokenizer_info(const Json& metadata) {
  Json info = Json::object();
  const auto tokens = metadata.find("tokenizer.ggml.tokens");
  const auto add_token = [&](const char* name, const char* key) {
    const auto id = metadata.find(key);
    if (id == metadata.end() || !id->is_number_integer() || tokens == metadata.end()) return;
    const auto index = id->get<int64_t>();
    if (!tokens->is_array() || index < 0 || std::cmp_greater_equal(index, tokens->size())) return;
    info[name] = (*tokens)[static_cast<size_t>(index)];
  };
  const auto add = [&](const char* name, const char* key) {
    if (const auto found = metadata.find(key); found != metadata.end()) info[name] = *found;
  };
  add_token("bos_token", "tokenizer.ggml.bos_token_id");
  add_token("eos_token", "tokenizer.ggml.eos_token_id");
  add_token("unk_token", "tokenizer.ggml.unknown_token_id");
  add_token("pad_token", "tokenizer.ggml.padding_token_id");
  add("add_bos_token", "tokenizer.ggml.add_bos_token");
  add("add_eos_token", "tokenizer.ggml.add_eos_token");
  add("add_prefix_space", "tokenizer.ggml.add_space_prefix");
  add("chat_template", "tokenizer.chat_template");
  info["tokenizer_class"] = kAnyClass;
  return info;
}

Result<Json> read_tokenizer_info(const fs::path& path,
                                 const std::optional<std::string>& chat_template) {
  Json info;
  if (fs::is_directory(path)) {
    SPYRE_TRY_ASSIGN(info, folder_info(path));
  } else {
    SPYRE_TRY_ASSIGN(const auto checkpoint, checkpoint::Checkpoint::open(path));
    info = gguf_tokenizer_info(checkpoint->take_tokenizer_metadata().value());
  }
  if (chat_template) info["chat_template"] = *chat_template;
  return info;
}

}  // namespace spyre::cli
