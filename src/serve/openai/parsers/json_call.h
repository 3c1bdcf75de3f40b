// One tool call as JSON, {"name": "f", "arguments": {...}}, read byte by byte. The call is told as
// soon as its name is known and its arguments begin; these are told as they come, in the bytes
// that the model wrote. Keys may stand in any order, arguments may be called parameters; other keys
// are passed over.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "serve/openai/parsers/json_extent.h"
#include "serve/openai/parsers/output_events.h"

namespace spyre::serve::openai {

class JsonCall {
 public:
  enum class Step {
    kInside,    // the byte was taken
    kComplete,  // the byte was the object's last
    kRefused,   // this is no call: raw() is text, this byte included
    kBehind,    // the call is complete, though its object was not closed; the byte lies behind it
    kBroken,    // the call was told and its arguments are no JSON from this byte on
  };

  // number: of the call. names: where set, a call has one of these names and begins with a key of
  // calls; borrowed.
  explicit JsonCall(size_t number, const std::vector<std::string>* names = nullptr)
      : number_(number), names_(names) {}

  // The first byte is '{'. After another step than kInside the call is over.
  Step push(char byte, OutputEvents& events);

  bool told() const { return told_; }
  // All bytes so far; of no use once the call was told.
  const std::string& raw() const { return raw_; }

 private:
  enum class State { kKey, kInKey, kColon, kValue, kInValue, kComma };
  enum class Role { kName, kArguments, kOther };

  Step push_value(char byte, OutputEvents& events);
  Step end_value(OutputEvents& events);
  Step end_object(OutputEvents& events);
  Step fail() const { return told_ ? Step::kBehind : Step::kRefused; }
  bool take_key();
  bool take_name();
  void tell(OutputEvents& events);
  void tell_whole_arguments(OutputEvents& events);

  const size_t number_;
  const std::vector<std::string>* const names_;
  State state_ = State::kKey;
  bool opened_ = false;
  bool first_key_ = true;
  bool told_ = false;
  std::string raw_;
  std::string token_;  // the key or value that is being read
  JsonExtent extent_;  // of token_
  Role role_ = Role::kOther;
  std::optional<std::string> name_;
  std::optional<std::string> arguments_;  // that came before the name, or are no object
  bool streams_ = false;                  // token_'s bytes go straight to the events
};

}  // namespace spyre::serve::openai
