// Sampling settings of the command line as request fields.
#pragma once

#include "cli/request_fields.h"
#include "config/settings.h"

namespace spyre::cli {

// Every sampling flag that was given, under the name of its request field.
Result<Json> sampling_fields(const config::Settings& settings);

// defaults overridden by every sampling flag that was given.
Result<SamplingRequest> apply_sampling_flags(const config::Settings& settings,
                                             const text::Tokenizer& tokenizer,
                                             SamplingRequest defaults);

}  // namespace spyre::cli
