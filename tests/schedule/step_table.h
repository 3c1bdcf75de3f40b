// A table of steps as the papers of the modes write it: what a scheduler looked like before each
// step, with what the step before gave.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "schedule/scheduler.h"

namespace spyre::schedule::testing {

struct Arrival {
  int64_t prompt_tokens = 0;
  int64_t max_tokens = 0;
  int64_t step = 0;
  std::vector<BlockHash> names = {};
};

inline BlockHash name_of(uint8_t text, uint8_t block) {
  BlockHash name;
  name.bytes[0] = text;
  name.bytes[1] = block;
  return name;
}

// Names of the full blocks of a prompt that begins text number `text`.
inline std::vector<BlockHash> names_of(uint8_t text, int64_t prompt_tokens) {
  std::vector<BlockHash> names;
  for (int64_t i = 0; i < prompt_tokens / kBlockTokens; ++i) {
    names.push_back(name_of(text, static_cast<uint8_t>(i)));
  }
  return names;
}

struct StepRow {
  int64_t tkv = 0;
  std::string running;  // "1 0"
  std::string outputs;  // "1 0!", ! for an answer's last token
  int64_t used = 0;
  int64_t reserved = 0;
  std::string paused = {};
  std::map<RequestId, std::vector<int32_t>> tables = {};
};

// Row i is the state before step i.
class StepTable {
 public:
  StepTable(Scheduler& scheduler, const std::vector<Arrival>& arrivals) : scheduler_(scheduler) {
    for (size_t i = 0; i < arrivals.size(); ++i) {
      demands_.push_back({.id = i,
                          .prompt_tokens = arrivals[i].prompt_tokens,
                          .max_tokens = arrivals[i].max_tokens,
                          .names = arrivals[i].names});
      steps_.push_back(arrivals[i].step);
    }
    std::string outputs;
    bool idle = false;
    for (int64_t step = 0; step < 1000; ++step) {
      for (size_t i = 0; i < steps_.size(); ++i) {
        if (steps_[i] == step) scheduler_.add(demands_[i]);
      }
      add_row(outputs);
      const bool more = std::ranges::any_of(steps_, [step](int64_t at) { return at >= step; });
      if (idle && !more && rows_.back().tkv == 0) return;
      const Plan plan = scheduler_.next();
      plans_.push_back(plan);
      idle = plan.kind == StepKind::kIdle;
      outputs = apply(plan);
    }
  }

  const std::vector<StepRow>& rows() const { return rows_; }
  const std::vector<Plan>& plans() const { return plans_; }
  const StepRow& row(size_t step) const { return rows_.at(step); }

 private:
  static std::string text(const std::vector<RequestId>& ids) {
    std::string result;
    for (const RequestId id : ids) result += (result.empty() ? "" : " ") + std::to_string(id);
    return result;
  }

  void add_row(const std::string& outputs) {
    Snapshot now = scheduler_.snapshot();
    rows_.push_back({.tkv = now.tkv,
                     .running = text(now.running),
                     .outputs = outputs,
                     .used = now.blocks_used,
                     .reserved = now.blocks_reserved,
                     .paused = text(now.paused),
                     .tables = std::move(now.block_tables)});
  }

  std::string apply(const Plan& plan) {
    std::vector<RequestId> ids = plan.decodes;
    for (const PromptPart& part : plan.prompts) {
      const int64_t known = demands_[part.id].prompt_tokens + made_[part.id];
      if (part.first + part.tokens == known) ids.push_back(part.id);
    }
    std::string outputs;
    for (const RequestId id : ids) {
      outputs += (outputs.empty() ? "" : " ") + std::to_string(id);
      if (++made_[id] < demands_[id].max_tokens) continue;
      outputs += "!";
      scheduler_.finish(id);
    }
    return outputs;
  }

  Scheduler& scheduler_;
  std::vector<Demand> demands_;
  std::vector<int64_t> steps_;
  std::map<RequestId, int64_t> made_;
  std::vector<StepRow> rows_;
  std::vector<Plan> plans_;
};

}  // namespace spyre::schedule::testing
