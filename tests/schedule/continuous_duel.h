// Drives a scheduler of continuous batching and the model of its rules through the same random
// trace, as an engine would: arrivals at any step, answers that end early, aborts of whoever lives.
// After each step both must say the same; and what no mode may do is looked at without a model.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "block_ledger.h"
#include "model.h"
#include "schedule/scheduler.h"

namespace spyre::schedule::testing {

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  // Not std::uniform_int_distribution: a seed must give the same trace in every library.
  int64_t from(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  bool one_in(int64_t count) { return from(1, count) == 1; }

 private:
  std::mt19937_64 engine_;
};

// What a mode promises, whatever its model says, and what it is asked.
struct Promises {
  ModelLimits limits = {};
  int64_t most_step_tokens = 0;  // of a step; 0: as many as it likes
  int64_t volume_limit = 0;      // rows of a decode times tkv; 0: none
  bool mixes = false;            // prompts and decodes in one step, several prompts
  bool is_padded = false;        // tkv never passes max_model_len; prompts begin inside a block
  bool in_order = true;          // nobody overtakes
  bool by_priority = false;
  int64_t usual_answer = 20;  // tokens at most; a few requests want more
};

// What traces came upon: a test of what never happens shows nothing.
struct Sights {
  int64_t steps = 0;
  int64_t hit_tokens = 0;
  int64_t shared_blocks = 0;  // with two owners or more, each step
  int64_t pauses = 0;
  int64_t resumes = 0;
  int64_t preemptions = 0;
  int64_t aborts = 0;
  int64_t joins = 0;   // of prompts while others were running
  int64_t shifts = 0;  // of tkv by a block or more, to and fro
};

inline std::string text(const std::vector<RequestId>& ids) {
  std::string result = "[";
  for (const RequestId id : ids) result += " " + std::to_string(id);
  return result + " ]";
}

inline std::string text(const Plan& plan) {
  std::string result(name(plan.kind));
  for (const PromptPart& part : plan.prompts) {
    result += " " + std::to_string(part.id) + ":" + std::to_string(part.first) + "+" +
              std::to_string(part.tokens) + " after " + std::to_string(part.left_padding);
  }
  return result + " decodes " + text(plan.decodes) + " preempted " + text(plan.preempted) +
         " prefix " + std::to_string(plan.prefix.hits) + "/" + std::to_string(plan.prefix.queries) +
         " paused " + std::to_string(plan.pauses.paused) + " +" +
         std::to_string(plan.pauses.pauses) + " -" + std::to_string(plan.pauses.resumes);
}

inline std::string text(const Snapshot& state) {
  return "tkv " + std::to_string(state.tkv) + " waiting " + text(state.waiting) + " running " +
         text(state.running) + " paused " + text(state.paused) + " used " +
         std::to_string(state.blocks_used) + " reserved " + std::to_string(state.blocks_reserved);
}

inline bool are_equal(const PromptPart& a, const PromptPart& b) {
  return a.id == b.id && a.first == b.first && a.tokens == b.tokens &&
         a.left_padding == b.left_padding;
}
inline bool are_equal(const Plan& a, const Plan& b) {
  return a.kind == b.kind && a.decodes == b.decodes && a.preempted == b.preempted &&
         a.prefix.queries == b.prefix.queries && a.prefix.hits == b.prefix.hits &&
         a.pauses.paused == b.pauses.paused && a.pauses.pauses == b.pauses.pauses &&
         a.pauses.resumes == b.pauses.resumes &&
         std::ranges::equal(a.prompts, b.prompts, [](const PromptPart& x, const PromptPart& y) {
           return are_equal(x, y);
         });
}
inline bool are_equal(const Snapshot& a, const Snapshot& b) {
  return a.tkv == b.tkv && a.waiting == b.waiting && a.running == b.running &&
         a.paused == b.paused && a.blocks_used == b.blocks_used &&
         a.blocks_reserved == b.blocks_reserved;
}

template <class Model>
class Duel {
 public:
  Duel(std::unique_ptr<Scheduler> scheduler, const Model& model, const Promises& promises,
       Dice& dice, Sights& sights)
      : scheduler_(std::move(scheduler)),
        model_(model),
        promises_(promises),
        dice_(dice),
        sights_(sights) {}

  // Until all requests have ended. The first thing that is wrong ends it, too.
  void run() {
    const auto count = static_cast<RequestId>(dice_.from(1, 9));
    const int64_t arrival_rarity = dice_.from(1, 12);
    const int64_t abort_rarity = dice_.from(8, 80);
    for (step_ = 0; arrived_ < count || !live_.empty(); ++step_) {
      ASSERT_LT(step_, kMostSteps) << "requests wait for ever";
      scheduler_->set_time(static_cast<double>(step_));
      model_.set_time(static_cast<double>(step_));
      while (arrived_ < count && dice_.one_in(arrival_rarity)) arrive();
      if (!live_.empty() && dice_.one_in(abort_rarity)) abort_one();
      ASSERT_NO_FATAL_FAILURE(step());
    }
    ASSERT_NO_FATAL_FAILURE(step());
    EXPECT_EQ(scheduler_->next().kind, StepKind::kIdle);
    const Snapshot state = scheduler_->snapshot();
    EXPECT_EQ(scheduler_->blocks_used(), 0) << "blocks leaked";
    EXPECT_EQ(state.blocks_reserved, 0);
    EXPECT_EQ(state.tkv, 0);
    EXPECT_TRUE(state.block_tables.empty());
  }

 private:
  static constexpr int64_t kMostSteps = 5000;

  struct Job {
    Demand demand;
    Story story;
    bool is_shared = false;  // others may find its blocks
    int64_t answer = 0;      // tokens it will make
    int64_t known = 0;       // of the prompt, and those made
    int64_t computed = 0;    // of them
    bool has_started = false;
    int64_t begin = 0;  // slot of its first token in its first block
    int64_t steps_paused = 0;
    int64_t named_blocks = 0;
  };

  // --- Who comes and goes.

  void arrive() {
    const int64_t most_prompt = promises_.limits.max_model_len - 1;
    Demand demand = {.id = arrived_, .arrival_s = static_cast<double>(step_)};
    demand.prompt_tokens = dice_.from(1, dice_.one_in(3) ? std::min<int64_t>(40, most_prompt)
                                                         : std::min<int64_t>(330, most_prompt));
    demand.max_tokens = dice_.from(1, dice_.one_in(4) ? 150 : promises_.usual_answer);
    demand.priority = promises_.by_priority ? dice_.from(0, 2) : 0;
    const bool is_admissible = model_.admits(demand);
    ASSERT_EQ(scheduler_->admissible(demand).has_value(), is_admissible)
        << demand.prompt_tokens << " + " << demand.max_tokens;
    if (!is_admissible) return;
    const int64_t tokens = demand.prompt_tokens + demand.max_tokens;
    const bool is_shared = !dice_.one_in(4);
    const int64_t shared = is_shared ? dice_.from(0, tokens) : 0;
    Job job = {
        .demand = demand,
        .story = Story(static_cast<uint64_t>(dice_.from(0, 1)), shared, 100 + arrived_, tokens),
        .is_shared = is_shared,
        .answer = dice_.one_in(2) ? dice_.from(1, demand.max_tokens) : demand.max_tokens,
        .known = demand.prompt_tokens};
    for (int64_t i = 0; is_shared && i < demand.prompt_tokens / kBlock; ++i) {
      job.demand.names.push_back(job.story.name(i));
    }
    job.named_blocks = std::ssize(job.demand.names);
    scheduler_->add(job.demand);
    model_.add(job.demand);
    live_.emplace(arrived_, std::move(job));
    ++arrived_;
  }

  void abort_one() {
    auto job = live_.begin();
    std::advance(job, dice_.from(0, std::ssize(live_) - 1));
    end(job->first);
    ++sights_.aborts;
  }

  void end(RequestId id) {
    scheduler_->finish(id);
    model_.finish(id);
    live_.erase(id);
  }

  // --- A step.

  void step() {
    compare_states();
    const Snapshot before = scheduler_->snapshot();
    const Plan plan = scheduler_->next();
    const Plan expected = model_.next();
    ASSERT_TRUE(are_equal(plan, expected))
        << "step " << step_ << "\nscheduler: " << text(plan) << "\nmodel:     " << text(expected);
    compare_states();
    ASSERT_TRUE(live_.empty() || plan.kind != StepKind::kIdle) << "idle beside work";
    check_limits(plan);
    check_reads(plan);
    check_writes(plan);
    check_tables();
    check_patience();
    if (::testing::Test::HasFailure()) FAIL() << "step " << step_ << ": " << text(plan);
    see(before, plan);
    advance(plan);
  }

  void see(const Snapshot& before, const Plan& plan) {
    const int64_t tkv = scheduler_->snapshot().tkv;
    std::map<int32_t, int> owners;
    for (const auto& [id, job] : live_) {
      for (const int32_t block : scheduler_->blocks(id)) {
        if (++owners[block] == 2) ++sights_.shared_blocks;
      }
    }
    ++sights_.steps;
    sights_.hit_tokens += plan.prefix.hits;
    sights_.pauses += plan.pauses.pauses;
    sights_.resumes += plan.pauses.resumes;
    sights_.preemptions += std::ssize(plan.preempted);
    if (!before.running.empty()) sights_.joins += std::ssize(plan.prompts);
    if (!before.running.empty() && std::abs(tkv - before.tkv) >= kBlock) ++sights_.shifts;
  }

  void compare_states() {
    const Snapshot state = scheduler_->snapshot();
    const Snapshot expected = model_.state();
    ASSERT_TRUE(are_equal(state, expected))
        << "step " << step_ << "\nscheduler: " << text(state) << "\nmodel:     " << text(expected);
  }

  void check_limits(const Plan& plan) {
    const ModelLimits& limits = promises_.limits;
    const Snapshot state = scheduler_->snapshot();
    EXPECT_LE(std::ssize(state.running) + std::ssize(state.paused), limits.max_num_seqs);
    EXPECT_LE(scheduler_->blocks_used(), limits.kv_blocks);
    EXPECT_LE(state.tkv, promises_.is_padded ? limits.max_model_len
                                             : kBlock * blocks_for(limits.max_model_len));
    int64_t tokens = std::ssize(plan.decodes);
    for (const PromptPart& part : plan.prompts) tokens += part.tokens;
    if (promises_.most_step_tokens > 0) {
      EXPECT_LE(tokens, promises_.most_step_tokens);
    }
    if (promises_.volume_limit > 0) {
      EXPECT_LE(std::ssize(plan.decodes) * state.tkv, promises_.volume_limit);
    }
    if (!promises_.mixes) {
      EXPECT_LE(plan.prompts.size() + (plan.decodes.empty() ? 0 : 1), 1U);
    }
  }

  Place place(const Job& job) const {
    return {.table = scheduler_->blocks(job.demand.id), .begin = job.begin};
  }

  // Everyone of the step is where the last step left it, and its tokens before the step's lie
  // in its blocks.
  void check_reads(const Plan& plan) {
    for (const RequestId id : plan.preempted) {
      live_.at(id).has_started = false;
      live_.at(id).computed = 0;
    }
    for (const PromptPart& part : plan.prompts) {
      Job& job = live_.at(part.id);
      if (!job.has_started) start(job, part);
      EXPECT_EQ(part.first, job.computed) << "a gap or an overlap in the prompt of " << part.id;
      EXPECT_GT(part.tokens, 0);
      EXPECT_LE(part.first + part.tokens, job.known);
      EXPECT_TRUE(ledger_.holds(place(job), job.story, part.first)) << "overwritten: " << part.id;
    }
    for (const RequestId id : plan.decodes) {
      const Job& job = live_.at(id);
      EXPECT_TRUE(job.has_started && job.computed == job.known - 1) << id << " cannot decode yet";
      EXPECT_TRUE(ledger_.holds(place(job), job.story, job.computed)) << "overwritten: " << id;
    }
  }

  void start(Job& job, const PromptPart& part) {
    EXPECT_EQ(part.first % kBlock, 0);
    if (promises_.in_order) {
      for (const auto& [id, other] : live_) {
        if (other.has_started || id == part.id) continue;
        EXPECT_TRUE(std::pair(job.demand.priority, part.id) < std::pair(other.demand.priority, id))
            << part.id << " overtook " << id;
      }
    }
    job.has_started = true;
    job.computed = part.first;
    job.begin = promises_.is_padded ? part.left_padding % kBlock : 0;
  }

  // No two requests of the step write to one block, and nobody to one that another has.
  void check_writes(const Plan& plan) {
    std::map<int32_t, int> owners;
    for (const auto& [id, job] : live_) {
      for (const int32_t block : scheduler_->blocks(id)) ++owners[block];
    }
    const auto write = [&](Job& job, int64_t tokens) {
      const Place where = place(job);
      EXPECT_TRUE(ledger_.write(where, job.story, job.computed, tokens)) << job.demand.id;
      const int64_t last = (job.begin + job.computed + tokens - 1) / kBlock;
      for (int64_t i = (job.begin + job.computed) / kBlock; i <= last; ++i) {
        EXPECT_EQ(owners[where.table[static_cast<size_t>(i)]], 1)
            << job.demand.id << " writes to a block of another";
      }
      job.computed += tokens;
    };
    for (const PromptPart& part : plan.prompts) write(live_.at(part.id), part.tokens);
    for (const RequestId id : plan.decodes) write(live_.at(id), 1);
  }

  // Every live request still has all it computed, so blocks of several owners hold the same for
  // all of them; each id is one of the pool's, once in a table.
  void check_tables() {
    for (const auto& [id, job] : live_) {
      const auto table = scheduler_->blocks(id);
      EXPECT_EQ(table.empty(), !job.has_started) << id;
      EXPECT_TRUE(ledger_.holds(place(job), job.story, job.computed)) << id;
      const std::set<int32_t> blocks(table.begin(), table.end());
      EXPECT_EQ(blocks.size(), table.size()) << "a block twice in the table of " << id;
      if (blocks.empty()) continue;
      EXPECT_GE(*blocks.begin(), 1);
      EXPECT_LE(*blocks.rbegin(), promises_.limits.kv_blocks);
    }
  }

  // Who pauses comes before those that ran meanwhile: after one step of each other at the latest.
  void check_patience() {
    const Snapshot state = scheduler_->snapshot();
    for (auto& [id, job] : live_) {
      const bool is_paused = std::ranges::find(state.paused, id) != state.paused.end();
      job.steps_paused = is_paused ? job.steps_paused + 1 : 0;
      EXPECT_LT(job.steps_paused, promises_.limits.max_num_seqs) << id << " is paused for too long";
    }
  }

  // Tokens are made, blocks that decodes filled are named, and who is through ends.
  void advance(const Plan& plan) {
    std::vector<RequestId> made;
    for (const PromptPart& part : plan.prompts) {
      if (live_.at(part.id).computed == live_.at(part.id).known) made.push_back(part.id);
    }
    made.insert(made.end(), plan.decodes.begin(), plan.decodes.end());
    for (auto& [id, job] : live_) name_full_blocks(job);
    for (const RequestId id : made) {
      Job& job = live_.at(id);
      job.known += 1;
      if (job.known - job.demand.prompt_tokens == job.answer) end(id);
    }
  }

  // Those of its prompt are named by its Demand.
  void name_full_blocks(Job& job) {
    if (!scheduler_->caches_prefixes() || !job.is_shared) return;
    for (; kBlock * (job.named_blocks + 1) <= job.computed; ++job.named_blocks) {
      const BlockHash name = job.story.name(job.named_blocks);
      scheduler_->name_block(job.demand.id, job.named_blocks, name);
      model_.name_block(job.demand.id, job.named_blocks, name);
    }
  }

  std::unique_ptr<Scheduler> scheduler_;
  Model model_;
  const Promises promises_;
  Dice& dice_;
  Sights& sights_;
  int64_t step_ = 0;
  RequestId arrived_ = 0;
  std::map<RequestId, Job> live_;
  BlockLedger ledger_;
};

}  // namespace spyre::schedule::testing
