// The text side of a model: its tokenizer and chat template, which need no weights.
#pragma once

#include <filesystem>
#include <optional>

#include "checkpoint/checkpoint.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace spyre::cli {

struct TextModel {
  text::Tokenizer tokenizer;
  std::optional<text::ChatTemplate> chat_template;

  // path: a folder with tokenizer files, or a .gguf file.
  static Result<TextModel> load(const std::filesystem::path& path);
  // The same from a GGUF file's metadata (Checkpoint::take_tokenizer_metadata()).
  static Result<TextModel> from_gguf(const Json& metadata);

  // Another template instead of the model's. Errors: those of ChatTemplate::from_text, which name
  // --chat-template.
  Status use_template(std::string_view source);
};

}  // namespace spyre::cli
