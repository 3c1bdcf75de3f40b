// How an answer is worded, whole or as the events of a stream. One object per request, with the
// request's own facts; it appends JSON to strings and knows neither engine nor connection, so that
// any order and any cutting of what the engine reports can be tried out in a test.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/listener.h"
#include "serve/openai/parsers/output_parser.h"
#include "serve/openai/prompts.h"

namespace spyre::serve::openai {

// How the text of a chat's answer is taken apart, and how its parts are worded.
struct ChatOutput {
  OutputTerms terms = {};
  CallIds call_ids = CallIds::kLong;
  bool include_reasoning = true;
  ReasoningField reasoning_field = ReasoningField::kBoth;
};

// What an answer needs to know of its request.
struct AnswerPlan {
  const text::Tokenizer& tokenizer;
  std::string id;  // "cmpl-..." or "chatcmpl-..."
  int64_t created_s = 0;
  std::string model;
  std::string fingerprint = {};  // empty: null
  std::vector<Prompt> prompts = {};
  int32_t choices = 1;                   // for each prompt
  std::optional<int32_t> logprobs = {};  // likeliest tokens to list; -1: all that there are
  bool prompt_logprobs = false;          // in a field of their own
  bool tokens_as_ids = false;
  bool return_token_ids = false;
  bool echo = false;
  bool echo_only = false;  // max_tokens 0: the token that was made is not shown
  bool include_usage = false;
  bool continuous_usage = false;
  bool prompt_tokens_details = false;
  bool metrics = false;
  // Chat.
  std::string role = {};
  std::string echo_text = {};
  std::optional<std::string> prompt_text = {};
  std::optional<ChatOutput> output = {};  // none: the text is the content
};

// Seconds of a request as the server saw them.
struct AnswerTimes {
  double first_token_s = 0;  // from its arrival
  double generation_s = 0;   // from the first token to the last
  double queue_s = 0;
};

class Answer {
 public:
  virtual ~Answer() = default;

  // The JSON of the whole answer. outputs: of each prompt, in order, none of them failed.
  virtual std::string whole(std::span<const engine::RequestOutput> outputs,
                            const AnswerTimes& times) const = 0;

  // Events of a stream, appended to `events` as text of the wire. `prompt` counts from 0; calls are
  // those of engine::Listener. on_finished ends choices that got no last delta: they were aborted.
  virtual void on_prompt(size_t prompt, std::span<const engine::TokenOutput> logprobs) = 0;
  virtual void on_delta(size_t prompt, const engine::Delta& delta, std::string& events) = 0;
  virtual void on_finished(size_t prompt, std::string& events) = 0;
  // After the last prompt: usage, where it was asked for.
  virtual void end(std::string& events) = 0;
};

std::unique_ptr<Answer> completion_answer(AnswerPlan plan);
std::unique_ptr<Answer> chat_answer(AnswerPlan plan);

// "data: <json>\n\n"
void append_event(std::string& events, std::string_view json);

}  // namespace spyre::serve::openai
