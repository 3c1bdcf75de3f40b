#include "serve/openai/logprobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace spyre::serve::openai {

namespace {

constexpr double kLeast = -9999.0;

// Written so that NaN becomes the least, too.
double shown(float logprob) {
  const double value = logprob;
  return value > kLeast ? value : kLeast;
}

std::string token_bytes(const LogprobStyle& style, int32_t id) {
  if (style.tokens_as_ids) return fmt::format("token_id:{}", id);
  return style.tokenizer.token_text(id).value_or("");
}

// The token itself, then the likeliest others, as the maps of completions and prompts list them.
std::vector<sample::TokenLogprob> with_itself(const engine::TokenOutput& token, int32_t top) {
  std::vector<sample::TokenLogprob> list = {{token.id, token.logprob, token.rank}};
  const size_t wanted =
      top < 0 ? token.top.size() : std::min(token.top.size(), static_cast<size_t>(top));
  for (const sample::TokenLogprob& each : std::span(token.top).first(wanted)) {
    if (each.id != token.id) list.push_back(each);
  }
  return list;
}

// A map by text. Several tokens may look alike; the likelier one keeps the name.
void write_top_map(JsonWriter& writer, const LogprobStyle& style,
                   const engine::TokenOutput& token) {
  std::unordered_set<std::string> written;
  writer.open_object();
  for (const sample::TokenLogprob& each : with_itself(token, style.top)) {
    std::string text = to_utf8(token_bytes(style, each.id));
    if (written.contains(text)) continue;
    writer.field(text, shown(each.logprob));
    written.insert(std::move(text));
  }
  writer.close_object();
}

void write_bytes(JsonWriter& writer, std::string_view bytes) {
  writer.open_array();
  for (const char c : bytes) writer.integer(static_cast<unsigned char>(c));
  writer.close_array();
}

void write_chat_token(JsonWriter& writer, const LogprobStyle& style, int32_t id, float logprob) {
  const std::string bytes = token_bytes(style, id);
  writer.field("token", to_utf8(bytes));
  writer.field("logprob", shown(logprob));
  writer.key("bytes");
  write_bytes(writer, bytes);
}

}  // namespace

void write_completion_logprobs(JsonWriter& writer, const LogprobStyle& style,
                               std::span<const ScoredToken> tokens, int64_t& offset) {
  std::vector<std::string> texts;
  for (const ScoredToken& token : tokens) texts.push_back(to_utf8(token_bytes(style, token.id)));
  writer.open_object();
  writer.key("text_offset");
  writer.open_array();
  for (const std::string& text : texts) {
    writer.integer(offset);
    offset += count_characters(text);
  }
  writer.close_array();
  writer.key("token_logprobs");
  writer.open_array();
  for (const ScoredToken& token : tokens) {
    token.score != nullptr ? writer.number(shown(token.score->logprob)) : writer.null();
  }
  writer.close_array();
  writer.key("tokens");
  writer.open_array();
  for (const std::string& text : texts) writer.text(text);
  writer.close_array();
  writer.key("top_logprobs");
  writer.open_array();
  for (const ScoredToken& token : tokens) {
    token.score != nullptr ? write_top_map(writer, style, *token.score) : writer.null();
  }
  writer.close_array();
  writer.close_object();
}

void write_chat_logprobs(JsonWriter& writer, const LogprobStyle& style,
                         std::span<const engine::TokenOutput> tokens) {
  writer.open_object();
  writer.key("content");
  writer.open_array();
  for (const engine::TokenOutput& token : tokens) {
    writer.open_object();
    write_chat_token(writer, style, token.id, token.logprob);
    writer.key("top_logprobs");
    writer.open_array();
    const size_t wanted =
        style.top < 0 ? token.top.size() : std::min(token.top.size(), size_t(style.top));
    for (const sample::TokenLogprob& each : std::span(token.top).first(wanted)) {
      writer.open_object();
      write_chat_token(writer, style, each.id, each.logprob);
      writer.close_object();
    }
    writer.close_array();
    writer.close_object();
  }
  writer.close_array();
  writer.close_object();
}

void write_prompt_logprobs(JsonWriter& writer, const LogprobStyle& style,
                           std::span<const engine::TokenOutput> tokens) {
  writer.open_array();
  writer.null();
  for (const engine::TokenOutput& token : tokens) {
    writer.open_object();
    for (const sample::TokenLogprob& each : with_itself(token, style.top)) {
      writer.key(std::to_string(each.id));
      writer.open_object();
      writer.field("logprob", shown(each.logprob));
      writer.field("rank", each.rank);
      writer.field("decoded_token", to_utf8(style.tokenizer.token_text(each.id).value_or("")));
      writer.close_object();
    }
    writer.close_object();
  }
  writer.close_array();
}

}  // namespace spyre::serve::openai
