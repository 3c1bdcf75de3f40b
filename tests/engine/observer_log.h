// An observer that keeps what it is told, for the counts that metrics are made of.
#pragma once

#include <vector>

#include "engine/observer.h"

namespace spyre::engine::testing {

struct ObserverLog final : Observer {
  void on_step(const StepReport& report) override { steps.push_back(report); }
  void on_scheduled(RequestId) override { ++scheduled; }
  void on_first_token(double) override { ++first_tokens; }
  void on_next_token(double) override { ++next_tokens; }
  void on_finished(const RequestReport& report) override { finished.push_back(report); }

  int64_t count(schedule::StepKind kind) const {
    int64_t steps_of_kind = 0;
    for (const StepReport& each : steps) steps_of_kind += each.kind == kind ? 1 : 0;
    return steps_of_kind;
  }
  int64_t prompt_tokens() const { return sum(&StepReport::prompt_tokens); }
  int64_t generated_tokens() const { return sum(&StepReport::generated_tokens); }
  DraftCounts drafts() const {
    DraftCounts all;
    for (const StepReport& each : steps) all += each.drafts;
    return all;
  }
  int64_t sum(int64_t StepReport::* field) const {
    int64_t total = 0;
    for (const StepReport& each : steps) total += each.*field;
    return total;
  }

  std::vector<StepReport> steps;
  std::vector<RequestReport> finished;
  int64_t scheduled = 0;
  int64_t first_tokens = 0;
  int64_t next_tokens = 0;
};

}  // namespace spyre::engine::testing
