// Replays a trace of requests on a scheduler, as an engine would: each request makes the tokens
// that it was given, the first with the last part of its prompt, one with each decode.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "schedule/scheduler.h"

namespace spyre::schedule::testing {

class Trace {
 public:
  explicit Trace(Scheduler& scheduler) : scheduler_(scheduler) {}

  // answer_tokens: how many tokens it makes; at least 1, at most max_tokens.
  void add(const Demand& demand, int64_t answer_tokens) {
    scheduler_.add(demand);
    live_[demand.id] = {.demand = demand, .tokens_left = answer_tokens};
  }
  void add(const Demand& demand) { add(demand, demand.max_tokens); }

  void abort(RequestId id) {
    scheduler_.finish(id);
    live_.erase(id);
  }

  // One step; what ended in it is told to the scheduler before this returns.
  Plan step() {
    Plan plan = scheduler_.next();
    for (const PromptPart& part : plan.prompts) {
      if (part.first + part.tokens == live_.at(part.id).demand.prompt_tokens) made_token(part.id);
    }
    for (const RequestId id : plan.decodes) made_token(id);
    return plan;
  }

  // Steps until one is idle; without that one.
  std::vector<Plan> run() {
    std::vector<Plan> plans;
    for (Plan plan = step(); plan.kind != StepKind::kIdle; plan = step()) plans.push_back(plan);
    return plans;
  }

  bool is_live(RequestId id) const { return live_.contains(id); }
  size_t num_live() const { return live_.size(); }
  // Tokens that requests made before they ended.
  const std::map<RequestId, int64_t>& made() const { return made_; }

 private:
  struct Live {
    Demand demand;
    int64_t tokens_left = 0;
  };

  void made_token(RequestId id) {
    ++made_[id];
    if (--live_.at(id).tokens_left > 0) return;
    live_.erase(id);
    scheduler_.finish(id);
  }

  Scheduler& scheduler_;
  std::map<RequestId, Live> live_;
  std::map<RequestId, int64_t> made_;
};

using Ids = std::vector<RequestId>;

inline Ids prompt_ids(const Plan& plan) {
  Ids ids;
  for (const PromptPart& part : plan.prompts) ids.push_back(part.id);
  return ids;
}

}  // namespace spyre::schedule::testing
