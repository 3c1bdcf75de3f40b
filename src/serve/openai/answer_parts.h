// What the answers of both endpoints have in common: the head of an answer, usage, why a choice
// ended, and the counts of a stream.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "serve/openai/answer.h"
#include "serve/openai/logprobs.h"

namespace spyre::serve::openai {

struct TokenCounts {
  int64_t prompt_tokens = 0;
  int64_t completion_tokens = 0;
  int64_t cached_tokens = 0;  // of the prompt
};

// {"prompt_tokens", "total_tokens", "completion_tokens"[, "prompt_tokens_details"]}. nulls: with
// the fields that have no value.
void write_usage(JsonWriter& writer, const AnswerPlan& plan, const TokenCounts& counts, bool nulls);

// Opens the answer's object with id, object, created, model and opens its list of choices.
void open_answer(JsonWriter& writer, const AnswerPlan& plan, std::string_view object);

// "service_tier", "system_fingerprint", "usage" of a whole answer.
void write_tail(JsonWriter& writer, const AnswerPlan& plan, const TokenCounts& counts);
// "metrics", null where they were not asked for.
void write_metrics(JsonWriter& writer, const AnswerPlan& plan, const AnswerTimes& times,
                   int64_t tokens);

// called: the choice calls tools, which is why it stopped where it was not cut off.
void write_finish(JsonWriter& writer, sample::FinishReason reason,
                  const sample::StopReason& stop_reason, bool called = false);
void write_ids(JsonWriter& writer, std::string_view name, std::span<const int32_t> ids);

int64_t prompt_tokens_of(const AnswerPlan& plan);
LogprobStyle logprob_style(const AnswerPlan& plan, int32_t top);

// A choice of a stream.
struct StreamedChoice {
  bool started = false;
  bool finished = false;
  int64_t tokens = 0;
  int64_t cached_tokens = 0;  // of its prompt
  int64_t text_offset = 0;    // characters of the tokens that were listed in logprobs
};

// The last event of a stream with usage: a chunk without choices.
void append_usage_event(const AnswerPlan& plan, std::string_view object, int64_t prompt_tokens,
                        std::span<const StreamedChoice> choices, std::string& events);

}  // namespace spyre::serve::openai
