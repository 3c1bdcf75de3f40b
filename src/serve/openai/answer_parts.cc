#include "serve/openai/answer_parts.h"

#include <algorithm>

namespace spyre::serve::openai {

namespace {

constexpr double kMillisecondsPerSecond = 1000;

}  // namespace

void append_event(std::string& events, std::string_view json) {
  events += "data: ";
  events += json;
  events += "\n\n";
}

void write_usage(JsonWriter& writer, const AnswerPlan& plan, const TokenCounts& counts,
                 bool nulls) {
  writer.open_object();
  writer.field("prompt_tokens", counts.prompt_tokens);
  writer.field("total_tokens", counts.prompt_tokens + counts.completion_tokens);
  writer.field("completion_tokens", counts.completion_tokens);
  if (plan.prompt_tokens_details) {
    writer.key("prompt_tokens_details");
    writer.open_object();
    writer.field("cached_tokens", counts.cached_tokens);
    writer.close_object();
  } else if (nulls) {
    writer.null_field("prompt_tokens_details");
  }
  if (nulls) writer.null_field("completion_tokens_details");
  writer.close_object();
}

void open_answer(JsonWriter& writer, const AnswerPlan& plan, std::string_view object) {
  writer.open_object();
  writer.field("id", plan.id);
  writer.field("object", object);
  writer.field("created", plan.created_s);
  writer.field("model", plan.model);
  writer.key("choices");
  writer.open_array();
}

void write_tail(JsonWriter& writer, const AnswerPlan& plan, const TokenCounts& counts) {
  writer.null_field("service_tier");
  if (plan.fingerprint.empty()) {
    writer.null_field("system_fingerprint");
  } else {
    writer.field("system_fingerprint", plan.fingerprint);
  }
  writer.key("usage");
  write_usage(writer, plan, counts, true);
}

void write_metrics(JsonWriter& writer, const AnswerPlan& plan, const AnswerTimes& times,
                   int64_t tokens) {
  if (!plan.metrics) return writer.null_field("metrics");
  const auto steps = static_cast<double>(std::max<int64_t>(tokens - 1, 1));
  writer.key("metrics");
  writer.open_object();
  writer.field("time_to_first_token_ms", times.first_token_s * kMillisecondsPerSecond);
  writer.field("generation_time_ms", times.generation_s * kMillisecondsPerSecond);
  writer.field("queue_time_ms", times.queue_s * kMillisecondsPerSecond);
  writer.field("mean_itl_ms", times.generation_s * kMillisecondsPerSecond / steps);
  const double seconds = times.first_token_s - times.queue_s + times.generation_s;
  writer.field("tokens_per_second", seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0);
  writer.close_object();
}

void write_finish(JsonWriter& writer, sample::FinishReason reason,
                  const sample::StopReason& stop_reason, bool called) {
  const bool calls = called && reason == sample::FinishReason::kStop;
  writer.field("finish_reason", calls ? "tool_calls" : sample::name(reason));
  if (const auto* token = std::get_if<int32_t>(&stop_reason)) {
    writer.field("stop_reason", *token);
  } else if (const auto* text = std::get_if<std::string>(&stop_reason)) {
    writer.field("stop_reason", *text);
  } else {
    writer.null_field("stop_reason");
  }
}

void write_ids(JsonWriter& writer, std::string_view name, std::span<const int32_t> ids) {
  writer.key(name);
  writer.open_array();
  for (const int32_t id : ids) writer.integer(id);
  writer.close_array();
}

int64_t prompt_tokens_of(const AnswerPlan& plan) {
  int64_t tokens = 0;
  for (const Prompt& prompt : plan.prompts) tokens += static_cast<int64_t>(prompt.ids.size());
  return tokens;
}

LogprobStyle logprob_style(const AnswerPlan& plan, int32_t top) {
  return {.tokenizer = plan.tokenizer, .top = top, .tokens_as_ids = plan.tokens_as_ids};
}

void append_usage_event(const AnswerPlan& plan, std::string_view object, int64_t prompt_tokens,
                        std::span<const StreamedChoice> choices, std::string& events) {
  TokenCounts counts{.prompt_tokens = prompt_tokens};
  for (const StreamedChoice& choice : choices) counts.completion_tokens += choice.tokens;
  // The choices of a prompt stand side by side.
  for (size_t i = 0; i < choices.size(); i += static_cast<size_t>(plan.choices)) {
    counts.cached_tokens += choices[i].cached_tokens;
  }
  std::string json;
  JsonWriter writer(json);
  open_answer(writer, plan, object);
  writer.close_array();
  writer.key("usage");
  write_usage(writer, plan, counts, false);
  writer.close_object();
  append_event(events, json);
}

}  // namespace spyre::serve::openai
