#include "loadtest/answer_reader.h"

#include <fmt/format.h>

#include "base/json.h"

namespace spyre::loadtest {

namespace {

constexpr size_t kErrorBytes = 300;  // of a body, in a message

// The text of a chunk's choice, of completions or chat; none: the chunk carries no token.
const Json* text_of(const Json& choice) {
  if (const auto text = choice.find("text"); text != choice.end()) return &*text;
  const auto delta = choice.find("delta");
  if (delta == choice.end() || !delta->is_object()) return nullptr;
  for (const char* name : {"content", "reasoning", "reasoning_content"}) {
    const auto text = delta->find(name);
    if (text == delta->end() || !text->is_string()) continue;
    // The role comes with an empty text before the first token does.
    const bool opening = delta->contains("role") && text->get_ref<const std::string&>().empty();
    return opening ? nullptr : &*text;
  }
  return nullptr;
}

int64_t count_of(const Json& usage, const char* name) {
  const auto count = usage.find(name);
  return count != usage.end() && count->is_number_integer() ? count->get<int64_t>() : 0;
}

}  // namespace

AnswerReader::AnswerReader(std::function<double()> now)
    : now_(std::move(now)), events_([this](std::string_view data) { take_event(data); }) {}

void AnswerReader::take(std::string_view body) { events_.take(body); }

void AnswerReader::take_event(std::string_view data) {
  if (data == "[DONE]") {
    done_ = true;
    return;
  }
  const auto chunk = parse_json(data, "event");
  if (!chunk || !chunk->is_object()) {
    outcome_.error = "an event that is no JSON object";
    return;
  }
  if (chunk->contains("error")) {
    outcome_.error = (*chunk)["error"].dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  if (const auto usage = chunk->find("usage"); usage != chunk->end() && usage->is_object()) {
    outcome_.input_tokens = count_of(*usage, "prompt_tokens");
    outcome_.output_tokens = count_of(*usage, "completion_tokens");
  }
  const auto choices = chunk->find("choices");
  if (choices == chunk->end() || !choices->is_array() || choices->empty()) return;
  const Json* text = choices->front().is_object() ? text_of(choices->front()) : nullptr;
  if (text == nullptr) return;
  const double now = now_();
  if (pieces_++ == 0) {
    outcome_.first_token = now;
  } else {
    outcome_.gaps.push_back(now - last_piece_);
  }
  last_piece_ = now;
  outcome_.latency = now;
  if (text->is_string()) outcome_.text += text->get<std::string>();
}

Outcome AnswerReader::finish(int status, std::string_view body, std::string_view failure) {
  if (!failure.empty()) {
    outcome_.error = failure;
  } else if (status != 200) {
    outcome_.error = fmt::format("HTTP {}: {}", status, body.substr(0, kErrorBytes));
  } else if (outcome_.error.empty() && pieces_ == 0) {
    outcome_.error = "the answer has no tokens";
  } else if (outcome_.error.empty() && !done_) {
    outcome_.error = "the stream ended without [DONE]";
  }
  if (outcome_.output_tokens == 0) outcome_.output_tokens = pieces_;
  outcome_.ok = outcome_.error.empty();
  return std::move(outcome_);
}

}  // namespace spyre::loadtest
