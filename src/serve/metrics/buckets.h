// Edges of the histograms, as vLLM has them: dashboards compute quantiles from these.
#pragma once

#include <cstdint>
#include <vector>

namespace spyre::serve::metrics {

using Edges = std::vector<double>;

// Seconds.
Edges request_seconds();      // whole requests and their stages
Edges first_token_seconds();  // until the first token
Edges token_seconds();        // between tokens

Edges iteration_tokens();
Edges choices();  // n
Edges preemptions();
// 1, 2, 5, 10, 20, 50, ... up to the longest sequence.
Edges request_tokens(int64_t max_model_len);

// Of HTTP requests: coarse with labels, fine without.
Edges http_seconds();
Edges http_fine_seconds();

}  // namespace spyre::serve::metrics
