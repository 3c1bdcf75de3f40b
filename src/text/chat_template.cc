#include "text/chat_template.h"

#include "text/folder_file.h"
#include "text/rust.h"

namespace spyre::text {

void ChatTemplate::Free::operator()(SpyreTextTemplate* chat_template) const {
  spyre_text_template_free(chat_template);
}

std::optional<ChatTemplate> ChatTemplate::own(SpyreTextTemplate* chat_template) {
  if (chat_template == nullptr) return std::nullopt;
  return ChatTemplate(chat_template);
}

Result<std::optional<ChatTemplate>> ChatTemplate::load(const std::filesystem::path& folder) {
  SPYRE_TRY_ASSIGN(const FolderFile jinja, FolderFile::open(folder, "chat_template.jinja"));
  SPYRE_TRY_ASSIGN(const FolderFile json, FolderFile::open(folder, "chat_template.json"));
  SPYRE_TRY_ASSIGN(const FolderFile config, FolderFile::open(folder, "tokenizer_config.json"));
  SPYRE_TRY_ASSIGN(const FolderFile special, FolderFile::open(folder, "special_tokens_map.json"));
  const SpyreTextTemplateFiles files{jinja.span(), json.span(), config.span(), special.span()};
  SpyreTextTemplate* raw = nullptr;
  const Status made = rust::call(spyre_text_template_from_files, &files, &raw);
  if (!made) return error(made.error().code, "{}: {}", folder.string(), made.error().message);
  return own(raw);
}

Result<std::optional<ChatTemplate>> ChatTemplate::from_gguf(const Json& metadata) {
  const std::string text = metadata.dump(-1, ' ', false, Json::error_handler_t::replace);
  SpyreTextTemplate* raw = nullptr;
  SPYRE_TRY(rust::call(spyre_text_template_from_gguf, rust::span(text), &raw));
  return own(raw);
}

Result<ChatTemplate> ChatTemplate::from_text(std::string_view source, const Json& special_tokens) {
  if (source.empty()) {
    return error(Code::kInvalidArgument, "chat template: wanted a template, found nothing");
  }
  const std::string tokens = special_tokens.dump(-1, ' ', false, Json::error_handler_t::replace);
  // To the library it is a folder with these two files.
  const SpyreTextTemplateFiles files{.chat_template_jinja = rust::span(source),
                                     .chat_template_json = rust::absent(),
                                     .tokenizer_config_json = rust::absent(),
                                     .special_tokens_map_json = rust::span(tokens)};
  SpyreTextTemplate* raw = nullptr;
  SPYRE_TRY(rust::call(spyre_text_template_from_files, &files, &raw));
  return ChatTemplate(raw);
}

Result<std::string> ChatTemplate::render(const ChatRequest& request) const {
  const Json fields = {{"messages", request.messages},
                       {"tools", request.tools},
                       {"documents", request.documents},
                       {"add_generation_prompt", request.add_generation_prompt},
                       {"continue_final_message", request.continue_final_message},
                       {"kwargs", request.kwargs},
                       {"now_unix_s", request.now_unix_s ? Json(*request.now_unix_s) : Json()}};
  const std::string text = fields.dump(-1, ' ', false, Json::error_handler_t::replace);
  rust::String rendered;
  SPYRE_TRY(
      rust::call(spyre_text_template_render, template_.get(), rust::span(text), rendered.out()));
  return rendered.copy();
}

}  // namespace spyre::text
