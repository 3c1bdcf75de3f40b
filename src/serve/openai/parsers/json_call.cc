#include "serve/openai/parsers/json_call.h"

#include <algorithm>

#include "base/json.h"

namespace spyre::serve::openai {

namespace {

std::optional<std::string> text_of(const std::string& json) {
  auto parsed = parse_json(json, "tool call");
  if (!parsed || !parsed->is_string()) return std::nullopt;
  return parsed->get<std::string>();
}

}  // namespace

JsonCall::Step JsonCall::push(char byte, OutputEvents& events) {
  if (!told_) raw_ += byte;
  if (!opened_) {
    opened_ = true;
    return byte == '{' ? Step::kInside : Step::kRefused;
  }
  const bool inside_a_token = state_ == State::kInKey || state_ == State::kInValue;
  if (!inside_a_token && is_json_space(byte)) return Step::kInside;
  switch (state_) {
    case State::kKey:
      if (byte == '}') return end_object(events);
      if (byte != '"') return fail();
      token_ = byte;
      extent_ = {};
      extent_.push(byte);
      state_ = State::kInKey;
      return Step::kInside;
    case State::kInKey:
      token_ += byte;
      if (extent_.push(byte) != JsonExtent::Step::kEnds) return Step::kInside;
      state_ = State::kColon;
      return take_key() ? Step::kInside : fail();
    case State::kColon:
      if (byte != ':') return fail();
      state_ = State::kValue;
      return Step::kInside;
    case State::kValue:
      token_.clear();
      extent_ = {};
      streams_ = role_ == Role::kArguments && name_ && (byte == '{' || byte == '[');
      state_ = State::kInValue;
      return push_value(byte, events);
    case State::kInValue:
      return push_value(byte, events);
    case State::kComma:
      if (byte == '}') return end_object(events);
      if (byte != ',') return fail();
      state_ = State::kKey;
      return Step::kInside;
  }
  return fail();
}

JsonCall::Step JsonCall::push_value(char byte, OutputEvents& events) {
  const JsonExtent::Step step = extent_.push(byte);
  if (step == JsonExtent::Step::kBroken) return streams_ ? Step::kBroken : fail();
  if (step == JsonExtent::Step::kBehind) {
    if (const Step ended = end_value(events); ended != Step::kInside) return ended;
    if (is_json_space(byte)) return Step::kInside;
    if (byte == '}') return end_object(events);
    if (byte != ',') return fail();
    state_ = State::kKey;
    return Step::kInside;
  }
  if (streams_) {
    tell(events);
    events.arguments(number_, std::string_view(&byte, 1));
  } else {
    token_ += byte;
  }
  return step == JsonExtent::Step::kEnds ? end_value(events) : Step::kInside;
}

JsonCall::Step JsonCall::end_value(OutputEvents& events) {
  state_ = State::kComma;
  if (role_ == Role::kName && !take_name()) return fail();
  if (role_ == Role::kArguments && !streams_) arguments_ = std::move(token_);
  if (name_ && arguments_) tell_whole_arguments(events);
  return Step::kInside;
}

// A tool without arguments may be called without them.
JsonCall::Step JsonCall::end_object(OutputEvents& events) {
  if (!name_) return Step::kRefused;
  if (!told_) {
    arguments_ = "{}";
    tell_whole_arguments(events);
  }
  return Step::kComplete;
}

bool JsonCall::take_key() {
  const bool first = std::exchange(first_key_, false);
  const bool named = name_.has_value();
  const bool argued = told_ || arguments_;
  role_ = Role::kOther;
  if (token_ == R"("name")" && !named) role_ = Role::kName;
  if ((token_ == R"("arguments")" || token_ == R"("parameters")") && !argued) {
    role_ = Role::kArguments;
  }
  const bool of_a_call = role_ != Role::kOther || token_ == R"("type")" || token_ == R"("id")";
  return names_ == nullptr || !first || of_a_call;
}

bool JsonCall::take_name() {
  auto name = text_of(token_);
  if (!name || name->empty()) return false;
  if (names_ != nullptr && std::ranges::find(*names_, *name) == names_->end()) return false;
  name_ = std::move(name);
  return true;
}

void JsonCall::tell(OutputEvents& events) {
  if (std::exchange(told_, true)) return;
  events.begin_call(number_, *name_);
  raw_.clear();
}

// Some models write arguments as a string of JSON, as the API has them.
void JsonCall::tell_whole_arguments(OutputEvents& events) {
  if (told_) return;
  tell(events);
  if (*arguments_ == "null") arguments_ = "{}";
  const auto text = text_of(*arguments_);
  events.arguments(number_, text ? *text : *arguments_);
}

}  // namespace spyre::serve::openai
