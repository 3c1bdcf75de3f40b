// An engine that counts the requests it turns away, in front of the real one. Everything else
// passes through.
#pragma once

#include "engine/async_engine.h"
#include "serve/metrics/server_metrics.h"

namespace spyre::serve::metrics {

class CountingEngine final : public engine::AsyncEngine {
 public:
  // Both are borrowed.
  CountingEngine(engine::AsyncEngine& engine, ServerMetrics& metrics)
      : engine_(engine), metrics_(metrics) {}

  Result<engine::RequestId> submit(engine::Request request,
                                   std::shared_ptr<engine::Listener> listener) override;
  void abort(engine::RequestId id) override { engine_.abort(id); }
  int64_t most_new_tokens(int64_t prompt_tokens) const override {
    return engine_.most_new_tokens(prompt_tokens);
  }
  engine::EngineState state() const override { return engine_.state(); }
  int64_t num_unfinished() const override { return engine_.num_unfinished(); }
  int64_t num_waiting() const override { return engine_.num_waiting(); }
  bool drain(std::chrono::milliseconds wait) override { return engine_.drain(wait); }
  void stop() override { engine_.stop(); }

 private:
  void count(const Error& error, int64_t prompt_tokens);

  engine::AsyncEngine& engine_;
  ServerMetrics& metrics_;
};

}  // namespace spyre::serve::metrics
