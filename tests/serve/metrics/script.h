// An engine's reports, played without an engine; and what a scrape says.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <string>

#include "engine/observer.h"

namespace spyre::serve::metrics {

inline constexpr schedule::Shape kShape{.prompt_tokens = 64, .new_tokens = 20, .batch_size = 4};

// The reports of one request that runs alone in a batch of kShape: times are a request's
// arithmetic, not a clock's.
inline void play_request(engine::Observer& observer, int64_t prompt_tokens, int64_t new_tokens) {
  observer.on_scheduled(1);
  for (int64_t i = 0; i < new_tokens; ++i) {
    const bool prefill = i == 0;
    const bool last = i == new_tokens - 1;
    if (prefill) {
      observer.on_first_token(0.25);
    } else {
      observer.on_next_token(0.125);
    }
    observer.on_step({.kind = prefill ? schedule::StepKind::kPrefill : schedule::StepKind::kDecode,
                      .shape = kShape,
                      .prompt_tokens = prefill ? prompt_tokens : 0,
                      .generated_tokens = 1,
                      .batch_sequences = 1,
                      .padding_tokens = prefill ? 4 * kShape.prompt_tokens - prompt_tokens : 3,
                      .seconds = 0.125,
                      .running = last ? 0 : 1,
                      .kv_usage = last ? 0 : 0.5});
  }
  observer.on_finished({.id = 1,
                        .prompt_tokens = prompt_tokens,
                        .generated_tokens = new_tokens,
                        .max_tokens = new_tokens,
                        .finish_reason = sample::FinishReason::kLength,
                        .scheduled_s = 0.125,
                        .first_token_s = 0.25,
                        .last_token_s = 0.25 + 0.125 * static_cast<double>(new_tokens - 1),
                        .finished_s = 1.5});
}

// Every sample of an exposition, by its name with labels.
inline std::map<std::string, double> samples_of(const std::string& text) {
  std::map<std::string, double> samples;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.starts_with('#')) continue;
    const size_t blank = line.rfind(' ');
    samples[line.substr(0, blank)] = std::stod(line.substr(blank + 1));
  }
  return samples;
}

}  // namespace spyre::serve::metrics
