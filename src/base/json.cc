#include "base/json.h"

namespace spyre {

namespace {
constexpr int kMaxDepth = 200;
}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view source) {
  bool too_deep = false;
  const auto watch_depth = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  try {
    Json value = Json::parse(text, watch_depth);
    if (too_deep) {
      return error(Code::kInvalidArgument, "{}: JSON nested more than {} levels", source,
                   kMaxDepth);
    }
    return value;
  } catch (const Json::exception& e) {
    return error(Code::kInvalidArgument, "{}: not valid JSON: {}", source, e.what());
  }
}

}  // namespace spyre
