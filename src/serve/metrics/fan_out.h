// One observer that tells several, in order.
#pragma once

#include <utility>
#include <vector>

#include "engine/observer.h"

namespace spyre::serve::metrics {

class FanOut final : public engine::Observer {
 public:
  // All are borrowed; none is null.
  explicit FanOut(std::vector<engine::Observer*> observers) : observers_(std::move(observers)) {}

  void on_step(const engine::StepReport& report) override {
    for (engine::Observer* each : observers_) each->on_step(report);
  }
  void on_scheduled(engine::RequestId id) override {
    for (engine::Observer* each : observers_) each->on_scheduled(id);
  }
  void on_first_token(double seconds) override {
    for (engine::Observer* each : observers_) each->on_first_token(seconds);
  }
  void on_next_token(double seconds) override {
    for (engine::Observer* each : observers_) each->on_next_token(seconds);
  }
  void on_finished(const engine::RequestReport& report) override {
    for (engine::Observer* each : observers_) each->on_finished(report);
  }

 private:
  std::vector<engine::Observer*> observers_;
};

}  // namespace spyre::serve::metrics
