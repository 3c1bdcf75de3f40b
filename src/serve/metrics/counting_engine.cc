#include "serve/metrics/counting_engine.h"

#include <utility>

namespace spyre::serve::metrics {

Result<engine::RequestId> CountingEngine::submit(engine::Request request,
                                                 std::shared_ptr<engine::Listener> listener) {
  const auto prompt_tokens = static_cast<int64_t>(request.prompt.size());
  auto id = engine_.submit(std::move(request), std::move(listener));
  if (!id) count(id.error(), prompt_tokens);
  return id;
}

// Why is in the words of the engine and its scheduler, which users know, too.
void CountingEngine::count(const Error& error, int64_t prompt_tokens) {
  if (error.code == Code::kResourceExhausted) {
    const bool tokens = error.message.contains("max_num_queued_tokens");
    metrics_.engine().on_queue_full(tokens ? QueueLimit::kTokens : QueueLimit::kRequests);
  }
  if (error.code != Code::kInvalidArgument) return;
  if (error.message.contains("No applicable warmup shape")) {
    const bool prompt_fits = engine_.most_new_tokens(prompt_tokens) > 0;
    metrics_.shapes().on_misfit(prompt_fits ? Misfit::kAnswerTooLong : Misfit::kPromptTooLong);
  } else if (error.message.contains("largest batch of the warmup shapes")) {
    metrics_.shapes().on_misfit(Misfit::kTooManySequences);
  }
}

}  // namespace spyre::serve::metrics
