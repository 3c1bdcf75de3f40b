// What a refusal of the hub means to the person who asked, and which setting changes it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "hub/options.h"
#include "hub/transport.h"

namespace spyre::hub {

// subject: the model or file that was asked for. head.status is neither 200 nor 206.
// 401, 403: kInvalidArgument; 404: kNotFound; 408, 429, 5xx: kUnavailable; others: kInternal.
Error http_error(const ResponseHead& head, std::string_view subject, const HubOptions& options);

}  // namespace spyre::hub
