// Answers of /v1/chat/completions: messages instead of text, a first chunk with the role.
#include <algorithm>

#include "serve/openai/answer_parts.h"
#include "serve/openai/chat_message.h"

namespace spyre::serve::openai {

namespace {

constexpr std::string_view kObject = "chat.completion";
constexpr std::string_view kChunk = "chat.completion.chunk";

class ChatAnswer final : public Answer {
 public:
  explicit ChatAnswer(AnswerPlan plan)
      : plan_(std::move(plan)),
        prompt_tokens_(prompt_tokens_of(plan_)),
        streamed_(static_cast<size_t>(plan_.choices)) {
    if (!plan_.output) return;
    for (int32_t i = 0; i < plan_.choices; ++i) read_.emplace_back(plan_.output->terms);
  }

  std::string whole(std::span<const engine::RequestOutput> outputs,
                    const AnswerTimes& times) const override;
  void on_prompt(size_t, std::span<const engine::TokenOutput>) override {}
  void on_delta(size_t prompt, const engine::Delta& delta, std::string& events) override;
  void on_finished(size_t prompt, std::string& events) override;
  void end(std::string& events) override;

 private:
  void write_choice(JsonWriter& writer, const engine::Completion& completion) const;
  void write_logprobs(JsonWriter& writer, std::span<const engine::TokenOutput> tokens) const;
  void write_prompt(JsonWriter& writer, const engine::RequestOutput& output) const;
  // One chunk with one choice; `delta` and what follows it come from the callers.
  template <typename Body>
  void append_chunk(const StreamedChoice& choice, bool last, Body body, std::string& events) const;
  void append_first_chunks(std::string& events);
  void append_text_chunk(int32_t index, const StreamedChoice& choice, std::string_view text,
                         std::string& events) const;
  // The chunk of a delta, or of a part of it; `write` gives the value of its "delta".
  template <typename Write>
  void append_delta_chunk(const engine::Delta& delta, bool called, Write write,
                          std::string& events) const;
  void append_parts(const engine::Delta& delta, std::string& events);
  // A call that was demanded is no reason to stop, says OpenAI.
  bool stops_to_call(bool called) const { return called && !plan_.output->terms.forced_call; }

  const AnswerPlan plan_;
  const int64_t prompt_tokens_;
  // Of a choice of a stream whose text is taken apart.
  struct ReadChoice {
    explicit ReadChoice(const OutputTerms& terms) : parser(terms) {}
    OutputParser parser;
    bool called = false;
  };

  std::vector<StreamedChoice> streamed_;
  std::vector<ReadChoice> read_;  // as streamed_; empty where text is content
  bool first_chunks_sent_ = false;
};

void ChatAnswer::write_logprobs(JsonWriter& writer,
                                std::span<const engine::TokenOutput> tokens) const {
  if (!plan_.logprobs) return writer.null_field("logprobs");
  writer.key("logprobs");
  write_chat_logprobs(writer, logprob_style(plan_, *plan_.logprobs), tokens);
}

void ChatAnswer::write_choice(JsonWriter& writer, const engine::Completion& completion) const {
  writer.open_object();
  const ChatMessage message = read_message(plan_.output, completion.text);
  writer.field("index", completion.index);
  writer.key("message");
  write_message(writer, plan_, message);
  write_logprobs(writer, completion.logprobs);
  write_finish(writer, completion.finish_reason, completion.stop_reason,
               stops_to_call(!message.calls.empty()));
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

template <typename Write>
void ChatAnswer::append_delta_chunk(const engine::Delta& delta, bool called, Write write,
                                    std::string& events) const {
  const auto body = [&](JsonWriter& writer) {
    writer.field("index", delta.choice);
    writer.key("delta");
    write(writer);
    write_logprobs(writer, delta.logprobs);
    if (delta.finished) {
      write_finish(writer, delta.finish_reason, delta.stop_reason, stops_to_call(called));
    } else {
      writer.null_field("finish_reason");
    }
    if (plan_.return_token_ids) write_ids(writer, "token_ids", delta.token_ids);
  };
  append_chunk(streamed_[static_cast<size_t>(delta.choice)], delta.finished, body, events);
}

void ChatAnswer::on_delta(size_t, const engine::Delta& delta, std::string& events) {
  StreamedChoice& choice = streamed_[static_cast<size_t>(delta.choice)];
  if (choice.finished) return;
  if (!first_chunks_sent_) append_first_chunks(events);
  choice.finished = delta.finished;
  choice.tokens += static_cast<int64_t>(delta.token_ids.size());
  choice.cached_tokens = std::max(choice.cached_tokens, delta.cached_tokens);
  if (plan_.output) return append_parts(delta, events);
  const auto write = [&](JsonWriter& writer) {
    writer.open_object();
    writer.field("content", delta.text);
    writer.close_object();
  };
  append_delta_chunk(delta, false, write, events);
}

// A chunk for each part: tokens and their scores go with the first, the end with the last. A delta
// whose text is held back, and that has nothing else to tell, has no chunk.
void ChatAnswer::append_parts(const engine::Delta& delta, std::string& events) {
  ReadChoice& read = read_[static_cast<size_t>(delta.choice)];
  const auto parts = push_text(read.parser, *plan_.output, delta.text, delta.finished);
  engine::Delta rest = delta;
  for (size_t i = 0; i < parts.size(); ++i) {
    read.called |= parts[i].kind == OutputEvent::Kind::kCall;
    rest.finished = delta.finished && i + 1 == parts.size();
    const auto write = [&](JsonWriter& writer) { write_delta(writer, *plan_.output, parts[i]); };
    append_delta_chunk(rest, read.called, write, events);
    rest.token_ids = {};
    rest.logprobs = {};
  }
  const bool told = delta.finished || plan_.logprobs || plan_.return_token_ids;
  if (!parts.empty() || !told) return;
  const auto nothing = [](JsonWriter& writer) {
    writer.open_object();
    writer.close_object();
  };
  append_delta_chunk(delta, read.called, nothing, events);
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
