// Answers of /v1/chat/completions: messages instead of text, a first chunk with the role.
#include <algorithm>

#include "serve/openai/answer_parts.h"

namespace spyre::serve::openai {

namespace {

constexpr std::string_view kObject = "chat.completion";
constexpr std::string_view kChunk = "chat.completion.chunk";

class ChatAnswer final : public Answer {
 public:
  explicit ChatAnswer(AnswerPlan plan)
      : plan_(std::move(plan)),
        prompt_tokens_(prompt_tokens_of(plan_)),
        streamed_(static_cast<size_t>(plan_.choices)) {}

  std::string whole(std::span<const engine::RequestOutput> outputs,
                    const AnswerTimes& times) const override;
  void on_prompt(size_t, std::span<const engine::TokenOutput>) override {}
  void on_delta(size_t prompt, const engine::Delta& delta, std::string& events) override;
  void on_finished(size_t prompt, std::string& events) override;
  void end(std::string& events) override;

 private:
  void write_message(JsonWriter& writer, std::string_view text) const;
  void write_choice(JsonWriter& writer, const engine::Completion& completion) const;
  void write_logprobs(JsonWriter& writer, std::span<const engine::TokenOutput> tokens) const;
  void write_prompt(JsonWriter& writer, const engine::RequestOutput& output) const;
  // One chunk with one choice; `delta` and what follows it come from the callers.
  template <typename Body>
  void append_chunk(const StreamedChoice& choice, bool last, Body body, std::string& events) const;
  void append_first_chunks(std::string& events);
  void append_text_chunk(int32_t index, const StreamedChoice& choice, std::string_view text,
                         std::string& events) const;

  const AnswerPlan plan_;
  const int64_t prompt_tokens_;
  std::vector<StreamedChoice> streamed_;
  bool first_chunks_sent_ = false;
};

void ChatAnswer::write_message(JsonWriter& writer, std::string_view text) const {
  writer.open_object();
  writer.field("role", plan_.role);
  writer.field("content", plan_.echo_text + std::string(text));
  for (const char* absent :
       {"refusal", "annotations", "audio", "function_call", "reasoning", "reasoning_content"}) {
    writer.null_field(absent);
  }
  writer.close_object();
}

void ChatAnswer::write_logprobs(JsonWriter& writer,
                                std::span<const engine::TokenOutput> tokens) const {
  if (!plan_.logprobs) return writer.null_field("logprobs");
  writer.key("logprobs");
  write_chat_logprobs(writer, logprob_style(plan_, *plan_.logprobs), tokens);
}

void ChatAnswer::write_choice(JsonWriter& writer, const engine::Completion& completion) const {
  writer.open_object();
  writer.field("index", completion.index);
  writer.key("message");
  write_message(writer, completion.text);
  write_logprobs(writer, completion.logprobs);
  write_finish(writer, completion.finish_reason, completion.stop_reason);
  if (plan_.return_token_ids) {
    write_ids(writer, "token_ids", completion.token_ids);
  } else {
    writer.null_field("token_ids");
  }
  writer.null_field("routed_experts");
  writer.close_object();
}

void ChatAnswer::write_prompt(JsonWriter& writer, const engine::RequestOutput& output) const {
  if (plan_.prompt_logprobs) {
    writer.key("prompt_logprobs");
    write_prompt_logprobs(writer, logprob_style(plan_, -1), output.prompt_logprobs);
  } else {
    writer.null_field("prompt_logprobs");
  }
  if (plan_.return_token_ids) {
    write_ids(writer, "prompt_token_ids", plan_.prompts[0].ids);
  } else {
    writer.null_field("prompt_token_ids");
  }
  if (plan_.prompt_text) {
    writer.field("prompt_text", *plan_.prompt_text);
  } else {
    writer.null_field("prompt_text");
  }
}

std::string ChatAnswer::whole(std::span<const engine::RequestOutput> outputs,
                              const AnswerTimes& times) const {
  std::string json;
  JsonWriter writer(json);
  TokenCounts counts{.prompt_tokens = prompt_tokens_, .cached_tokens = outputs[0].cached_tokens};
  open_answer(writer, plan_, kObject);
  for (const engine::Completion& completion : outputs[0].completions) {
    write_choice(writer, completion);
    counts.completion_tokens += static_cast<int64_t>(completion.token_ids.size());
  }
  writer.close_array();
  write_tail(writer, plan_, counts);
  write_prompt(writer, outputs[0]);
  writer.null_field("kv_transfer_params");
  writer.null_field("ec_transfer_params");
  write_metrics(writer, plan_, times, counts.completion_tokens);
  writer.close_object();
  return json;
}

template <typename Body>
void ChatAnswer::append_chunk(const StreamedChoice& choice, bool last, Body body,
                              std::string& events) const {
  std::string json;
  JsonWriter writer(json);
  open_answer(writer, plan_, kChunk);
  writer.open_object();
  body(writer);
  writer.close_object();
  writer.close_array();
  if (last && !plan_.fingerprint.empty()) writer.field("system_fingerprint", plan_.fingerprint);
  if (!first_chunks_sent_ && plan_.return_token_ids) {
    write_ids(writer, "prompt_token_ids", plan_.prompts[0].ids);
  }
  if (plan_.continuous_usage) {
    writer.key("usage");
    write_usage(writer, plan_, {prompt_tokens_, choice.tokens, choice.cached_tokens}, false);
  }
  writer.close_object();
  append_event(events, json);
}

void ChatAnswer::append_text_chunk(int32_t index, const StreamedChoice& choice,
                                   std::string_view text, std::string& events) const {
  const auto body = [&](JsonWriter& writer) {
    writer.field("index", index);
    writer.key("delta");
    writer.open_object();
    writer.field("content", text);
    writer.close_object();
    writer.null_field("logprobs");
    writer.null_field("finish_reason");
  };
  append_chunk(choice, false, body, events);
}

// When the first output of any choice is there, each choice is opened with its role.
void ChatAnswer::append_first_chunks(std::string& events) {
  for (int32_t index = 0; index < plan_.choices; ++index) {
    const auto body = [&](JsonWriter& writer) {
      writer.field("index", index);
      writer.key("delta");
      writer.open_object();
      writer.field("role", plan_.role);
      writer.field("content", "");
      writer.close_object();
      writer.null_field("logprobs");
      writer.null_field("finish_reason");
    };
    append_chunk(StreamedChoice{}, false, body, events);
  }
  first_chunks_sent_ = true;
  if (plan_.echo_text.empty()) return;
  for (int32_t index = 0; index < plan_.choices; ++index) {
    append_text_chunk(index, StreamedChoice{}, plan_.echo_text, events);
  }
}

void ChatAnswer::on_delta(size_t, const engine::Delta& delta, std::string& events) {
  StreamedChoice& choice = streamed_[static_cast<size_t>(delta.choice)];
  if (choice.finished) return;
  if (!first_chunks_sent_) append_first_chunks(events);
  choice.finished = delta.finished;
  choice.tokens += static_cast<int64_t>(delta.token_ids.size());
  choice.cached_tokens = std::max(choice.cached_tokens, delta.cached_tokens);
  const auto body = [&](JsonWriter& writer) {
    writer.field("index", delta.choice);
    writer.key("delta");
    writer.open_object();
    writer.field("content", delta.text);
    writer.close_object();
    write_logprobs(writer, delta.logprobs);
    if (delta.finished) {
      write_finish(writer, delta.finish_reason, delta.stop_reason);
    } else {
      writer.null_field("finish_reason");
    }
    if (plan_.return_token_ids) write_ids(writer, "token_ids", delta.token_ids);
  };
  append_chunk(choice, delta.finished, body, events);
}

void ChatAnswer::on_finished(size_t prompt, std::string& events) {
  for (int32_t index = 0; index < plan_.choices; ++index) {
    if (streamed_[static_cast<size_t>(index)].finished) continue;
    on_delta(prompt, {.choice = index, .finished = true}, events);
  }
}

void ChatAnswer::end(std::string& events) {
  if (plan_.include_usage) append_usage_event(plan_, kChunk, prompt_tokens_, streamed_, events);
}

}  // namespace

std::unique_ptr<Answer> chat_answer(AnswerPlan plan) {
  return std::make_unique<ChatAnswer>(std::move(plan));
}

}  // namespace spyre::serve::openai
