#include "cli/text_model.h"

namespace spyre::cli {

Result<TextModel> TextModel::load(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) {
    SPYRE_TRY_ASSIGN(const auto checkpoint, checkpoint::Checkpoint::open(path));
    return from_gguf(checkpoint->take_tokenizer_metadata().value());
  }
  SPYRE_TRY_ASSIGN(auto tokenizer, text::Tokenizer::load(path));
  SPYRE_TRY_ASSIGN(auto chat_template, text::ChatTemplate::load(path));
  return TextModel{std::move(tokenizer), std::move(chat_template)};
}

Result<TextModel> TextModel::from_gguf(const Json& metadata) {
  SPYRE_TRY_ASSIGN(auto tokenizer, text::Tokenizer::from_gguf(metadata));
  SPYRE_TRY_ASSIGN(auto chat_template, text::ChatTemplate::from_gguf(metadata));
  return TextModel{std::move(tokenizer), std::move(chat_template)};
}

Status TextModel::use_template(std::string_view source) {
  auto made = text::ChatTemplate::from_text(source, tokenizer.special_tokens());
  if (!made) return error(made.error().code, "--chat-template: {}", made.error().message);
  chat_template = std::move(*made);
  return {};
}

}  // namespace spyre::cli
