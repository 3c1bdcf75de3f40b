// Answers of /v1/completions: choices of several prompts under one roof, text that may begin with
// its prompt.
#include <algorithm>

#include "serve/openai/answer_parts.h"

namespace spyre::serve::openai {

namespace {

constexpr std::string_view kObject = "text_completion";

class CompletionAnswer final : public Answer {
 public:
  explicit CompletionAnswer(AnswerPlan plan)
      : plan_(std::move(plan)),
        streamed_(plan_.prompts.size() * static_cast<size_t>(plan_.choices)),
        prompt_scores_(plan_.prompts.size()) {}

  std::string whole(std::span<const engine::RequestOutput> outputs,
                    const AnswerTimes& times) const override;
  void on_prompt(size_t prompt, std::span<const engine::TokenOutput> logprobs) override;
  void on_delta(size_t prompt, const engine::Delta& delta, std::string& events) override;
  void on_finished(size_t prompt, std::string& events) override;
  void end(std::string& events) override;

 private:
  // What a choice shows of a stretch of tokens; echo: the prompt before them.
  struct Stretch {
    bool echo = false;
    std::string_view text = {};
    std::span<const int32_t> ids = {};
    std::span<const engine::TokenOutput> scores = {};
    std::span<const engine::TokenOutput> prompt_scores = {};
  };

  int64_t index_of(size_t prompt, int32_t choice) const {
    return static_cast<int64_t>(prompt) * plan_.choices + choice;
  }
  StreamedChoice& streamed(size_t prompt, int32_t choice) {
    return streamed_[static_cast<size_t>(index_of(prompt, choice))];
  }
  void write_text(JsonWriter& writer, size_t prompt, const Stretch& stretch) const;
  void write_logprobs(JsonWriter& writer, size_t prompt, const Stretch& stretch,
                      int64_t& offset) const;
  void write_token_ids(JsonWriter& writer, size_t prompt, const Stretch& stretch) const;
  void write_choice(JsonWriter& writer, size_t prompt, const engine::RequestOutput& output,
                    const engine::Completion& completion) const;
  int64_t shown_tokens(const engine::Completion& completion) const {
    return plan_.echo_only ? 0 : static_cast<int64_t>(completion.token_ids.size());
  }

  const AnswerPlan plan_;
  std::vector<StreamedChoice> streamed_;
  std::vector<std::vector<engine::TokenOutput>> prompt_scores_;  // of each prompt, with echo
};

void CompletionAnswer::write_text(JsonWriter& writer, size_t prompt, const Stretch& stretch) const {
  if (!stretch.echo) return writer.field("text", stretch.text);
  writer.field("text", plan_.prompts[prompt].text + std::string(stretch.text));
}

void CompletionAnswer::write_logprobs(JsonWriter& writer, size_t prompt, const Stretch& stretch,
                                      int64_t& offset) const {
  if (!plan_.logprobs) return writer.null_field("logprobs");
  std::vector<ScoredToken> tokens;
  const auto& prompt_ids = plan_.prompts[prompt].ids;
  for (size_t i = 0; stretch.echo && i < prompt_ids.size(); ++i) {
    const bool scored = i > 0 && i <= stretch.prompt_scores.size();
    tokens.push_back({prompt_ids[i], scored ? &stretch.prompt_scores[i - 1] : nullptr});
  }
  for (const engine::TokenOutput& score : stretch.scores) tokens.push_back({score.id, &score});
  writer.key("logprobs");
  write_completion_logprobs(writer, logprob_style(plan_, *plan_.logprobs), tokens, offset);
}

void CompletionAnswer::write_token_ids(JsonWriter& writer, size_t prompt,
                                       const Stretch& stretch) const {
  std::vector<int32_t> ids;
  if (stretch.echo) ids = plan_.prompts[prompt].ids;
  ids.insert(ids.end(), stretch.ids.begin(), stretch.ids.end());
  write_ids(writer, "token_ids", ids);
}

void CompletionAnswer::write_choice(JsonWriter& writer, size_t prompt,
                                    const engine::RequestOutput& output,
                                    const engine::Completion& completion) const {
  Stretch stretch{.echo = plan_.echo, .prompt_scores = output.prompt_logprobs};
  if (!plan_.echo_only) {
    stretch.text = completion.text;
    stretch.ids = completion.token_ids;
    stretch.scores = completion.logprobs;
  }
  int64_t offset = 0;
  writer.open_object();
  writer.field("index", index_of(prompt, completion.index));
  write_text(writer, prompt, stretch);
  write_logprobs(writer, prompt, stretch, offset);
  if (plan_.echo_only) {
    write_finish(writer, sample::FinishReason::kLength, {});
  } else {
    write_finish(writer, completion.finish_reason, completion.stop_reason);
  }
  if (plan_.return_token_ids) {
    write_token_ids(writer, prompt, stretch);
  } else {
    writer.null_field("token_ids");
  }
  if (plan_.prompt_logprobs) {
    writer.key("prompt_logprobs");
    write_prompt_logprobs(writer, logprob_style(plan_, -1), output.prompt_logprobs);
  } else {
    writer.null_field("prompt_logprobs");
  }
  if (plan_.return_token_ids) {
    write_ids(writer, "prompt_token_ids", plan_.prompts[prompt].ids);
  } else {
    writer.null_field("prompt_token_ids");
  }
  writer.null_field("routed_experts");
  writer.close_object();
}

std::string CompletionAnswer::whole(std::span<const engine::RequestOutput> outputs,
                                    const AnswerTimes& times) const {
  std::string json;
  JsonWriter writer(json);
  TokenCounts counts{.prompt_tokens = prompt_tokens_of(plan_)};
  open_answer(writer, plan_, kObject);
  for (size_t prompt = 0; prompt < outputs.size(); ++prompt) {
    counts.cached_tokens += outputs[prompt].cached_tokens;
    for (const engine::Completion& completion : outputs[prompt].completions) {
      write_choice(writer, prompt, outputs[prompt], completion);
      counts.completion_tokens += shown_tokens(completion);
    }
  }
  writer.close_array();
  write_tail(writer, plan_, counts);
  writer.null_field("kv_transfer_params");
  writer.null_field("ec_transfer_params");
  write_metrics(writer, plan_, times, counts.completion_tokens);
  writer.close_object();
  return json;
}

void CompletionAnswer::on_prompt(size_t prompt, std::span<const engine::TokenOutput> logprobs) {
  if (plan_.echo && plan_.logprobs) prompt_scores_[prompt].assign(logprobs.begin(), logprobs.end());
}

void CompletionAnswer::on_delta(size_t prompt, const engine::Delta& delta, std::string& events) {
  StreamedChoice& choice = streamed(prompt, delta.choice);
  if (choice.finished || (plan_.echo_only && !delta.finished)) return;
  const bool first = !choice.started;
  Stretch stretch{.echo = first && plan_.echo, .prompt_scores = prompt_scores_[prompt]};
  if (!plan_.echo_only) {
    stretch.text = delta.text;
    stretch.ids = delta.token_ids;
    stretch.scores = delta.logprobs;
    choice.tokens += static_cast<int64_t>(delta.token_ids.size());
  }
  choice.cached_tokens = std::max(choice.cached_tokens, delta.cached_tokens);
  choice.started = true;
  choice.finished = delta.finished;
  std::string json;
  JsonWriter writer(json);
  open_answer(writer, plan_, kObject);
  writer.open_object();
  writer.field("index", index_of(prompt, delta.choice));
  write_text(writer, prompt, stretch);
  write_logprobs(writer, prompt, stretch, choice.text_offset);
  if (delta.finished && plan_.echo_only) {
    write_finish(writer, sample::FinishReason::kLength, {});
  } else if (delta.finished) {
    write_finish(writer, delta.finish_reason, delta.stop_reason);
  } else {
    writer.null_field("finish_reason");
    writer.null_field("stop_reason");
  }
  if (plan_.return_token_ids) {
    if (first) write_ids(writer, "prompt_token_ids", plan_.prompts[prompt].ids);
    write_token_ids(writer, prompt, stretch);
  }
  writer.close_object();
  writer.close_array();
  if (delta.finished && !plan_.fingerprint.empty()) {
    writer.field("system_fingerprint", plan_.fingerprint);
  }
  if (plan_.continuous_usage) {
    const auto prompt_tokens = static_cast<int64_t>(plan_.prompts[prompt].ids.size());
    writer.key("usage");
    write_usage(writer, plan_, {prompt_tokens, choice.tokens, choice.cached_tokens}, false);
  }
  writer.close_object();
  append_event(events, json);
}

void CompletionAnswer::on_finished(size_t prompt, std::string& events) {
  for (int32_t choice = 0; choice < plan_.choices; ++choice) {
    if (streamed(prompt, choice).finished) continue;
    on_delta(prompt, {.choice = choice, .finished = true}, events);
  }
}

void CompletionAnswer::end(std::string& events) {
  if (plan_.include_usage)
    append_usage_event(plan_, kObject, prompt_tokens_of(plan_), streamed_, events);
}

}  // namespace

std::unique_ptr<Answer> completion_answer(AnswerPlan plan) {
  return std::make_unique<CompletionAnswer>(std::move(plan));
}

}  // namespace spyre::serve::openai
