#include "engine/trace.h"

#include <algorithm>
#include <set>
#include <utility>

namespace spyre::engine {

namespace {

// Sums of a few stay far from overflow, and doubles hold them exactly.
constexpr int64_t kMostTokens = int64_t{1} << 53;
constexpr int64_t kMostChoices = 16384;

std::string brief(const Json& value) {
  if (value.is_structured()) return value.type_name();
  std::string text = value.dump();
  if (text.size() > 60) text = text.substr(0, text.find_last_of(" ", 60)).substr(0, 60) + "...";
  return text;
}

class LineReader {
 public:
  LineReader(size_t line, const Json& object) : line_(line), object_(object) {}

  Result<TraceRequest> read() {
    TraceRequest request{.line = line_};
    SPYRE_TRY(read_id(request.id));
    SPYRE_TRY_ASSIGN(const auto arrival, integer("arrival_step", 0, kMostArrivalStep));
    request.arrival_step = arrival.value_or(0);
    SPYRE_TRY_ASSIGN(request.max_tokens, integer("max_tokens", 1, kMostTokens));
    SPYRE_TRY_ASSIGN(const auto choices, integer("n", 1, kMostChoices));
    request.n = static_cast<int32_t>(choices.value_or(1));
    SPYRE_TRY(read_prompt(request));
    for (const auto& [name, value] : object_.items()) {
      if (!is_own(name)) request.fields[name] = value;
    }
    return request;
  }

 private:
  static bool is_own(std::string_view name) {
    return name == "id" || name == "arrival_step" || name == "max_tokens" ||
           name == "prompt_tokens" || name == "prompt_token_ids";
  }

  std::unexpected<Error> wanted(std::string_view field, std::string_view what) const {
    return error(Code::kInvalidArgument, "line {}: {}: wanted {}, found {}", line_, field, what,
                 object_.contains(field) ? brief(object_[std::string(field)]) : "none");
  }

  // None when the field is missing or null.
  Result<std::optional<int64_t>> integer(const char* field, int64_t least, int64_t most) const {
    if (!object_.contains(field) || object_[field].is_null()) return std::nullopt;
    const Json& value = object_[field];
    const bool fits = value.is_number_integer() &&
                      !(value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) &&
                      value.get<int64_t>() >= least && value.get<int64_t>() <= most;
    if (!fits) return wanted(field, fmt::format("an integer of {} to {}", least, most));
    return value.get<int64_t>();
  }

  Status read_id(std::string& id) const {
    const bool text = object_.contains("id") && object_["id"].is_string();
    const bool number = object_.contains("id") && object_["id"].is_number_unsigned();
    if (text) id = object_["id"].get<std::string>();
    if (number) id = object_["id"].dump();
    if (id.empty()) return wanted("id", "a string or a number of at least 0");
    return {};
  }

  Status read_prompt(TraceRequest& request) const {
    if (object_.contains("prompt_tokens") == object_.contains("prompt_token_ids")) {
      return error(Code::kInvalidArgument,
                   "line {}: wanted one of prompt_tokens and prompt_token_ids, found {}", line_,
                   object_.contains("prompt_tokens") ? "both" : "none");
    }
    if (object_.contains("prompt_tokens")) {
      SPYRE_TRY_ASSIGN(const auto tokens, integer("prompt_tokens", 1, kMostTokens));
      if (!tokens) return wanted("prompt_tokens", "an integer of at least 1");
      request.prompt_tokens = *tokens;
      return {};
    }
    const Json& ids = object_["prompt_token_ids"];
    if (!ids.is_array() || ids.empty()) {
      return wanted("prompt_token_ids", "a list of at least one token id");
    }
    for (const Json& id : ids) {
      if (!id.is_number_unsigned() || id.get<uint64_t>() > INT32_MAX) {
        return error(Code::kInvalidArgument,
                     "line {}: prompt_token_ids: wanted token ids of 0 to {}, found {}", line_,
                     INT32_MAX, brief(id));
      }
      request.prompt.push_back(id.get<int32_t>());
    }
    request.prompt_tokens = std::ssize(request.prompt);
    return {};
  }

  const size_t line_;
  const Json& object_;
};

}  // namespace

Result<std::vector<TraceRequest>> parse_trace(std::string_view text) {
  std::vector<TraceRequest> requests;
  std::set<std::string> ids;
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view each = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (each.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    SPYRE_TRY_ASSIGN(const Json object, parse_json(each, fmt::format("line {}", line)));
    if (!object.is_object()) {
      return error(Code::kInvalidArgument, "line {}: wanted a JSON object, found {}", line,
                   object.type_name());
    }
    SPYRE_TRY_ASSIGN(TraceRequest request, LineReader(line, object).read());
    if (!ids.insert(request.id).second) {
      return error(Code::kInvalidArgument, "line {}: id: wanted one of its own, found {} again",
                   line, brief(Json(request.id)));
    }
    requests.push_back(std::move(request));
  }
  std::ranges::sort(requests, {}, [](const TraceRequest& each) {
    return std::pair(each.arrival_step, each.line);
  });
  return requests;
}

}  // namespace spyre::engine
