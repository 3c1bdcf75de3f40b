#include "hub/selection.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

namespace spyre::hub {

namespace {

// Files that config, tokenizer, template or quantisation readers look for, at the root.
constexpr std::array<std::string_view, 20> kRootFiles = {
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "chat_template.jinja",
    "chat_template.json",
    "quantize_config.json",
    "quant_config.json",
    "model.safetensors.index.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
};

// Those that our tokenizer and chat templates are read from.
constexpr std::array<std::string_view, 5> kTextFiles = {
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja",
    "chat_template.json"};

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

// "model-00001-of-00003.gguf" is part 1 of 3 of "model" + ".gguf".
struct Part {
  std::string stem;
  int number = 0;
  int count = 0;
};

std::optional<Part> part_of(std::string_view path) {
  constexpr size_t kTail = 15;  // "-00001-of-00003"
  const size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || dot < kTail) return std::nullopt;
  const std::string_view tail = path.substr(dot - kTail, kTail);
  if (tail[0] != '-' || tail.substr(6, 4) != "-of-") return std::nullopt;
  Part part{std::string(path.substr(0, dot - kTail)), 0, 0};
  const auto read = [](std::string_view digits, int& value) {
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + 5, value);
    return failure == std::errc() && end == digits.data() + 5 && value > 0;
  };
  if (!read(tail.substr(1, 5), part.number) || !read(tail.substr(10, 5), part.count)) {
    return std::nullopt;
  }
  return part;
}

// "Q4_0" is in "org-Q4_0.gguf" and in "Q4_0/model.gguf", not in "model-Q4_0_4_4.gguf".
bool names_quantisation(std::string_view path, std::string_view wanted) {
  const std::string text = lower(path);
  const std::string word = lower(wanted);
  const auto border = [&](size_t at) { return std::string_view("-./").contains(text[at]); };
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || border(at - 1)) && end < text.size() && border(end)) return true;
  }
  return false;
}

// One entry a model: of a split file the first part stands for all. Projectors are no models.
std::vector<std::string> gguf_models(std::span<const std::string> paths) {
  std::vector<std::string> models;
  for (const std::string& path : paths) {
    const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    if (!lower(path).ends_with(".gguf") || lower(name).starts_with("mmproj")) continue;
    if (const auto part = part_of(path); part && part->number != 1) continue;
    models.push_back(path);
  }
  std::ranges::sort(models);
  return models;
}

Status check_parts(std::span<const std::string> files, const ModelId& id) {
  for (const std::string& file : files) {
    const auto part = part_of(file);
    if (!part) continue;
    const auto same = [&](const std::string& other) {
      const auto found = part_of(other);
      return found && found->stem == part->stem && found->count == part->count;
    };
    const auto present = std::ranges::count_if(files, same);
    if (present != part->count) {
      return error(Code::kDataLoss, "{}: '{}' is one of {} parts, {} are there", id.text(), file,
                   part->count, present);
    }
  }
  return {};
}

Result<Selection> with_parts(const std::string& model, std::span<const std::string> paths,
                             const ModelId& id) {
  Selection selection{{model}, model};
  if (const auto first = part_of(model)) {
    selection.files.clear();
    for (const std::string& path : paths) {
      const auto part = part_of(path);
      if (part && part->stem == first->stem && part->count == first->count &&
          lower(path).ends_with(".gguf")) {
        selection.files.push_back(path);
      }
    }
    SPYRE_TRY(check_parts(selection.files, id));
  }
  return selection;
}

Result<Selection> select_gguf(std::span<const std::string> paths, const ModelId& id) {
  const std::vector<std::string> models = gguf_models(paths);
  std::vector<std::string> fitting;
  for (const std::string& model : models) {
    const bool exact = model == id.gguf || model.ends_with("/" + id.gguf);
    const bool only = id.gguf.empty() && models.size() == 1;
    const std::string_view quantisation = id.gguf.empty() ? "Q4_K_M" : std::string_view(id.gguf);
    if (exact || only || names_quantisation(model, quantisation)) fitting.push_back(model);
  }
  if (fitting.size() == 1) return with_parts(fitting.front(), paths, id);
  if (fitting.empty()) {
    return error(
        Code::kNotFound, "{}: {}; write {}:FILE with one of: {}", id.text(),
        id.gguf.empty() ? "several GGUF files, none of them Q4_K_M" : "no such GGUF file", id.repo,
        models.empty() ? "(no GGUF file there)" : fmt::format("{}", fmt::join(models, ", ")));
  }
  return error(Code::kInvalidArgument, "{}: fits several files, write {}:FILE with one of: {}",
               id.text(), id.repo, fmt::join(fitting, ", "));
}

bool at_root(std::string_view path) { return !path.contains('/'); }

// The numbered or single "model" file of transformers; other names (GPTQ's habit) only without it.
std::vector<std::string> weights_of(std::span<const std::string> paths) {
  std::vector<std::string> usual;
  std::vector<std::string> other;
  for (const std::string& path : paths) {
    if (!at_root(path) || !path.ends_with(".safetensors")) continue;
    const auto part = part_of(path);
    if (path == "model.safetensors" || (part && part->stem == "model")) {
      usual.push_back(path);
    } else if (!path.starts_with("consolidated") && !path.starts_with("adapter_")) {
      other.push_back(path);
    }
  }
  // Both forms at once hold the same tensors twice.
  if (std::ranges::find(usual, "model.safetensors") != usual.end()) return {"model.safetensors"};
  return usual.empty() ? other : usual;
}

// "1_Pooling/config.json", "2_Dense/model.safetensors": the further modules of an embedding model.
bool is_module_file(std::string_view path) {
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash < 2) return false;
  const std::string_view name = path.substr(slash + 1);
  return std::isdigit(static_cast<unsigned char>(path[0])) != 0 &&
         path.substr(0, slash).contains('_') &&
         (name == "config.json" || name == "model.safetensors");
}

// Beside a single file the index of the numbered ones would lead a reader astray.
bool belongs(std::string_view path, std::span<const std::string> weights) {
  if (path == "model.safetensors.index.json") return weights.front() != "model.safetensors";
  return std::ranges::find(kRootFiles, path) != kRootFiles.end() || is_module_file(path) ||
         (path.starts_with("additional_chat_templates/") && path.ends_with(".jinja"));
}

Result<Selection> select_text(std::span<const std::string> paths, const ModelId& id) {
  Selection selection;
  std::ranges::copy_if(paths, std::back_inserter(selection.files), [](const std::string& path) {
    return std::ranges::find(kTextFiles, path) != kTextFiles.end();
  });
  std::ranges::sort(selection.files);
  if (std::ranges::find(selection.files, "tokenizer.json") != selection.files.end()) {
    return selection;
  }
  if (!gguf_models(paths).empty()) return select_gguf(paths, id);
  return error(Code::kUnsupported,
               "{}: wanted tokenizer.json or a .gguf file, found {} files of other kinds",
               id.text(), paths.size());
}

}  // namespace

Result<Selection> select_files(std::span<const std::string> paths, const ModelId& id, Parts parts) {
  if (!id.gguf.empty()) return select_gguf(paths, id);
  if (parts == Parts::kText) return select_text(paths, id);
  const std::vector<std::string> weights = weights_of(paths);
  if (weights.empty()) {
    if (!gguf_models(paths).empty()) return select_gguf(paths, id);
    return error(Code::kUnsupported,
                 "{}: wanted .safetensors or .gguf files, found {} files of other kinds", id.text(),
                 paths.size());
  }
  SPYRE_TRY(check_parts(weights, id));
  Selection selection;
  std::ranges::copy_if(paths, std::back_inserter(selection.files),
                       [&](const std::string& path) { return belongs(path, weights); });
  if (std::ranges::find(selection.files, "config.json") == selection.files.end()) {
    return error(Code::kUnsupported, "{}: has safetensors but no config.json", id.text());
  }
  std::ranges::sort(selection.files);
  selection.files.insert(selection.files.end(), weights.begin(), weights.end());
  return selection;
}

}  // namespace spyre::hub
