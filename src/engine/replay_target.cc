#include "engine/replay_target.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "engine/block_names.h"
#include "engine/random_tokens.h"

namespace spyre::engine {

namespace {

// What the scheduler is told of a request, before there are tokens.
schedule::Demand demand_of(RequestId id, const TraceRequest& request,
                           const schedule::Scheduler& scheduler) {
  return {
      .id = id,
      .prompt_tokens = request.prompt_tokens,
      .max_tokens = request.max_tokens.value_or(scheduler.most_new_tokens(request.prompt_tokens)),
      .sequences = request.n};
}

// Prompts that are only counted share nothing.
std::vector<int32_t> prompt_of(RequestId id, const TraceRequest& request) {
  std::vector<int32_t> prompt = request.prompt;
  RandomTokens tokens(std::numeric_limits<int32_t>::max(), {}, id);
  while (std::ssize(prompt) < request.prompt_tokens) prompt.push_back(tokens.next());
  return prompt;
}

std::optional<std::string> salt_of(const TraceRequest& request) {
  const auto salt = request.fields.find("cache_salt");
  if (salt == request.fields.end() || !salt->is_string()) return std::nullopt;
  return salt->get<std::string>();
}

class ScheduleOnly final : public ReplayTarget {
 public:
  explicit ScheduleOnly(std::unique_ptr<schedule::Scheduler> scheduler)
      : scheduler_(std::move(scheduler)) {}

  Status add(RequestId id, const TraceRequest& request) override {
    schedule::Demand demand = demand_of(id, request, *scheduler_);
    SPYRE_TRY(scheduler_->admissible(demand));
    Progress progress{.demand = demand};
    if (scheduler_->caches_prefixes()) {
      progress.names.emplace(salt_of(request));
      demand.names = progress.names->append(prompt_of(id, request));
    }
    scheduler_->add(demand);
    requests_.insert_or_assign(id, std::move(progress));
    return {};
  }
  schedule::Snapshot snapshot() const override { return scheduler_->snapshot(); }
  Result<ReplayedStep> step() override;
  Result<std::vector<ReplayedAnswer>> take_answers(RequestId id) override {
    const schedule::Demand& demand = requests_.at(id).demand;
    const ReplayedAnswer answer{
        .token_ids = std::vector<int32_t>(static_cast<size_t>(demand.max_tokens), 0),
        .finish_reason = sample::FinishReason::kLength};
    return std::vector<ReplayedAnswer>(static_cast<size_t>(demand.sequences), answer);
  }

 private:
  struct Progress {
    schedule::Demand demand = {};
    int64_t generated = 0;
    std::optional<BlockNames> names = {};  // of what is computed
  };

  void name_filled(RequestId id, Progress& progress);

  const std::unique_ptr<schedule::Scheduler> scheduler_;
  std::map<RequestId, Progress> requests_;
};

// The dummy token that was generated last is computed now.
void ScheduleOnly::name_filled(RequestId id, Progress& progress) {
  if (!progress.names) return;
  const int32_t dummy = 0;
  const int64_t index = progress.names->full_blocks();
  for (const schedule::BlockHash& name : progress.names->append(std::span(&dummy, 1))) {
    scheduler_->name_block(id, index, name);
  }
}

Result<ReplayedStep> ScheduleOnly::step() {
  const schedule::Plan plan = scheduler_->next();
  ReplayedStep step{.kind = plan.kind, .shape = plan.shape, .outputs = plan.decodes};
  for (const RequestId id : plan.decodes) name_filled(id, requests_.at(id));
  for (const schedule::PromptPart& part : plan.prompts) {
    const Progress& progress = requests_.at(part.id);
    const int64_t known = progress.demand.prompt_tokens + progress.generated;
    if (part.first + part.tokens == known) step.outputs.push_back(part.id);
  }
  for (const RequestId id : step.outputs) {
    Progress& progress = requests_.at(id);
    if (++progress.generated < progress.demand.max_tokens) continue;
    step.finished.push_back(id);
    scheduler_->finish(id);
  }
  return step;
}

class WithModel final : public ReplayTarget, private Listener, private Observer {
 public:
  WithModel(Generator& generator, int64_t vocab_size, MakeRequest make_request)
      : generator_(generator), vocab_size_(vocab_size), make_request_(std::move(make_request)) {
    generator_.set_observer(this);
  }
  ~WithModel() override { generator_.set_observer(nullptr); }

  Status add(RequestId id, const TraceRequest& request) override;
  schedule::Snapshot snapshot() const override { return generator_.snapshot(); }
  Result<ReplayedStep> step() override {
    step_ = {};
    SPYRE_TRY(generator_.step(*this));
    return std::exchange(step_, {});
  }
  Result<std::vector<ReplayedAnswer>> take_answers(RequestId id) override;

 private:
  void on_delta(RequestId id, const Delta&) override {
    if (std::ranges::find(step_.outputs, id) == step_.outputs.end()) step_.outputs.push_back(id);
  }
  void on_finished(RequestId id, RequestOutput output) override {
    step_.finished.push_back(id);
    outputs_[id] = std::move(output);
  }
  void on_step(const StepReport& report) override {
    step_.kind = report.kind;
    step_.shape = report.shape;
  }
  void on_first_token(double) override {}
  void on_next_token(double) override {}
  void on_finished(const RequestReport&) override {}

  Generator& generator_;
  const int64_t vocab_size_;
  const MakeRequest make_request_;
  ReplayedStep step_;
  std::map<RequestId, RequestOutput> outputs_;
};

// Asked before a prompt is made up: a count may be beyond all memory.
Status WithModel::add(RequestId id, const TraceRequest& request) {
  const schedule::Scheduler& scheduler = generator_.scheduler();
  const schedule::Demand demand = demand_of(id, request, scheduler);
  SPYRE_TRY(scheduler.admissible(demand));
  std::vector<int32_t> prompt = request.prompt;
  RandomTokens tokens(vocab_size_, {}, id);
  while (std::ssize(prompt) < request.prompt_tokens) prompt.push_back(tokens.next());
  SPYRE_TRY_ASSIGN(Request made, make_request_(request, std::move(prompt), demand.max_tokens));
  return generator_.submit(id, std::move(made));
}

Result<std::vector<ReplayedAnswer>> WithModel::take_answers(RequestId id) {
  RequestOutput output = std::exchange(outputs_[id], {});
  if (output.error) return std::unexpected(*output.error);
  std::vector<ReplayedAnswer> answers;
  for (Completion& each : output.completions) {
    answers.push_back(
        {.token_ids = std::move(each.token_ids), .finish_reason = each.finish_reason});
  }
  return answers;
}

}  // namespace

std::unique_ptr<ReplayTarget> schedule_only_target(std::unique_ptr<schedule::Scheduler> scheduler) {
  return std::make_unique<ScheduleOnly>(std::move(scheduler));
}

std::unique_ptr<ReplayTarget> generator_target(Generator& generator, int64_t vocab_size,
                                               MakeRequest make_request) {
  return std::make_unique<WithModel>(generator, vocab_size, std::move(make_request));
}

}  // namespace spyre::engine
