// The JSON of `spyre generate --format json`: one object a request.
#pragma once

#include <span>

#include "base/json.h"
#include "engine/request.h"

namespace spyre::cli {

// {"id"?, "prompt_token_ids", "token_ids", "text", "finish_reason", "stop_reason", "logprobs",
//  "prompt_logprobs", "choices"? (all of them, when there are several), "usage", "timings"}; a
//  failed
// request has "error": {"code", "message"} instead of the middle part. load_seconds: of the model.
Json result_json(const Json& request_id, std::span<const int32_t> prompt,
                 const engine::RequestOutput& output, double load_seconds);

// The same shape for a request that never ran.
Json error_json(const Json& request_id, const Error& error);

}  // namespace spyre::cli
