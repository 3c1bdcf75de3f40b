// Requests in, plans run, outputs out.
#include "engine/generator.h"

#include <algorithm>

#include "engine/request_check.h"
#include "engine/step_shapes.h"

namespace spyre::engine {

Generator::Generator(runner::ModelRunner& runner, const text::Tokenizer& tokenizer,
                     std::unique_ptr<schedule::Scheduler> scheduler,
                     const GeneratorOptions& options, sample::Workspace workspace)
    : runner_(runner),
      scheduler_(std::move(scheduler)),
      options_(options),
      workspace_(std::move(workspace)),
      pool_(static_cast<int32_t>(runner.kv_cache().shape().blocks)),
      context_{.runner = runner,
               .tokenizer = tokenizer,
               .pool = scheduler_->owns_blocks() ? nullptr : &pool_,
               .workspace = workspace_,
               .listener = listener_,
               .speculation = options.speculation} {}

Result<std::unique_ptr<Generator>> Generator::create(runner::ModelRunner& runner,
                                                     const text::Tokenizer& tokenizer,
                                                     std::unique_ptr<schedule::Scheduler> scheduler,
                                                     const GeneratorOptions& options) {
  SPYRE_TRY_ASSIGN(auto workspace, sample::Workspace::create(runner.vocab_size()));
  return std::unique_ptr<Generator>(
      new Generator(runner, tokenizer, std::move(scheduler), options, std::move(workspace)));
}

Status Generator::check_fields(const Request& request) const {
  return check_request(request, {.sampling = {.vocab_size = runner_.vocab_size(),
                                              .max_logprobs = options_.max_logprobs,
                                              .max_stop_strings = options_.max_stop_strings},
                                 .pools = runner_.pools(),
                                 .num_token_types = runner_.num_token_types()});
}

Status Generator::check(const Request& request) const {
  SPYRE_TRY(check_fields(request));
  return scheduler_->admissible(demand_of(0, request));
}

Status Generator::submit(RequestId id, Request request, Clock::time_point arrival) {
  SPYRE_CHECK(!waiting_.contains(id) && !running_.contains(id));
  SPYRE_TRY(check(request));
  scheduler_->add(named_demand(id, request, arrival));
  waiting_.emplace(id, Waiting{.request = std::move(request), .arrival = arrival});
  return {};
}

schedule::Demand Generator::named_demand(RequestId id, const Request& request,
                                         Clock::time_point arrival) {
  schedule::Demand demand = demand_of(id, request);
  demand.arrival_s = seconds_between(Clock::time_point(), arrival);
  // Who wants its prompt scored needs all of its rows.
  if (scheduler_->caches_prefixes() && !request.params.prompt_logprobs) {
    BlockNames names(request.cache_salt);
    demand.names = names.append(request.prompt);
    names_.emplace(id, std::move(names));
  }
  return demand;
}

// Blocks that the answer has filled: what is computed, which its last token is not.
void Generator::name_filled(const Group& group) {
  const auto found = names_.find(group.id());
  if (found == names_.end()) return;
  BlockNames& names = found->second;
  const int64_t named = names.tokens() - std::ssize(group.request().prompt);
  const std::span<const int32_t> computed = group.generated().first(
      static_cast<size_t>(group.longest() - std::ssize(group.request().prompt)));
  int64_t index = names.full_blocks();
  for (const schedule::BlockHash& name :
       names.append(computed.subspan(static_cast<size_t>(named)))) {
    scheduler_->name_block(group.id(), index++, name);
  }
}

int64_t Generator::blocks_in_use() const {
  if (scheduler_->owns_blocks()) return scheduler_->blocks_used();
  return runner_.kv_cache().shape().blocks - pool_.free_count();
}

Result<bool> Generator::step(Listener& listener) {
  listener_ = &listener;
  const Clock::time_point began = Clock::now();
  if (!options_.timeless) scheduler_->set_time(seconds_between(Clock::time_point(), began));
  const schedule::Plan plan = scheduler_->next();
  if (plan.kind == schedule::StepKind::kIdle) {
    // Some schedulers let go of blocks only now.
    if (scheduler_->owns_blocks() && std::exchange(told_idle_, true) == false)
      deliver_between(listener);
    return false;
  }
  told_idle_ = false;
  StepReport report{.kind = plan.kind,
                    .shape = plan.shape,
                    .padding_tokens = plan.padding_tokens,
                    .prefix = plan.prefix,
                    .pauses = plan.pauses.pauses,
                    .resumes = plan.pauses.resumes,
                    .preemptions = std::ssize(plan.preempted)};
  num_paused_ = plan.pauses.paused;
  num_preempted_ = plan.preempted_waiting;
  for (const RequestId id : plan.preempted) running_.at(id)->preempt();
  const PlannedRows rows = start_prompts(plan, began, report);
  const Status status = run_rows(rows, report);
  report.seconds = seconds_between(began, Clock::now());
  if (!options_.timeless) scheduler_->took(report.seconds);
  if (!plan.prompts.empty()) charge_interruption(plan, report.seconds);
  if (!status) end_all(status.error());
  deliver(report, listener);
  SPYRE_TRY(status);
  return true;
}

// The group of a planned prompt, made at its first part. None: it could not be made; its request
// has ended.
Group* Generator::start(RequestId id) {
  if (const auto running = running_.find(id); running != running_.end()) {
    return running->second.get();
  }
  const auto waiting = waiting_.find(id);
  SPYRE_CHECK(waiting != waiting_.end());
  const int64_t blocks = own_blocks(waiting->second.request);
  const int64_t all_blocks = runner_.kv_cache().shape().blocks;
  if (promised_blocks_ + blocks > all_blocks) {
    end_waiting(id, Error{Code::kInternal,
                          fmt::format("the scheduler let a request of {} KV blocks in, wanted at "
                                      "most the {} that are left of {}",
                                      blocks, all_blocks - promised_blocks_, all_blocks)});
    return nullptr;
  }
  if (observer_ != nullptr) observer_->on_scheduled(id);
  auto group =
      create_group(context_, id, std::move(waiting->second.request), waiting->second.arrival);
  if (!group) {
    end_waiting(id, std::move(group.error()));
    return nullptr;
  }
  waiting_.erase(waiting);
  promised_blocks_ += blocks;
  return running_.emplace(id, std::move(*group)).first->second.get();
}

// Blocks that the engine promises to a request.
int64_t Generator::own_blocks(const Request& request) const {
  if (scheduler_->owns_blocks()) return 0;
  return Group::max_blocks(request, runner_.max_model_len());
}

Generator::PlannedRows Generator::start_prompts(const schedule::Plan& plan, Clock::time_point began,
                                                StepReport& report) {
  PlannedRows planned{.plan = plan, .prompts = {}, .tiles = {}, .began = began};
  std::vector<PromptRows> rows;
  for (const schedule::PromptPart& part : plan.prompts) {
    const bool begins = waiting_.contains(part.id);
    Group* const group = start(part.id);
    if (group == nullptr) continue;
    if (begins) {
      group->set_cached_tokens(part.first);
      report.cached_tokens += part.first;
    }
    planned.prompts.push_back(group);
    rows.push_back({part.first, part.tokens, group->scores_prompt()});
    report.prompt_tokens += part.tokens;
  }
  report.batch_sequences = std::ssize(planned.prompts);
  planned.tiles = cut_tiles(rows, {.rows = options_.prefill_rows,
                                   .outputs = options_.prefill_outputs,
                                   .whole = runner_.pools()});
  return planned;
}

Status Generator::run_rows(const PlannedRows& rows, StepReport& report) {
  const size_t runs = std::max<size_t>(rows.tiles.size(), rows.plan.decodes.empty() ? 0 : 1);
  for (size_t i = 0; i < runs; ++i) {
    const bool first = i == 0;
    step_.clear();
    if (first) {
      add_decodes(rows.plan);
      report.decode_sequences = step_.num_sequences;
      report.batch_sequences += step_.num_sequences;
    }
    if (i < rows.tiles.size()) add_tile(rows.tiles[i], rows);
    SPYRE_TRY_ASSIGN(std::span<const float> logits, runner_.run(step_));
    if (first) logits = take_decodes(rows.plan, logits, report);
    if (i < rows.tiles.size()) take_tile(rows.tiles[i], rows, logits, report);
  }
  return {};
}

void Generator::add_row(int32_t token, int64_t position) {
  step_.tokens.push_back(token);
  step_.positions.push_back(static_cast<int32_t>(position));
  step_.sequences.push_back(static_cast<int32_t>(step_.num_sequences));
}

void Generator::add_sampled_row(int32_t token, int64_t position) {
  step_.output_rows.push_back(static_cast<int32_t>(step_.tokens.size()));
  add_row(token, position);
}

// Ends the rows of a sequence.
void Generator::add_table(const BlockTable& table) {
  const auto width = static_cast<size_t>(runner_.max_blocks());
  const size_t begin = step_.block_table.size();
  step_.block_table.insert(step_.block_table.end(), table.blocks().begin(), table.blocks().end());
  step_.block_table.resize(begin + width, 0);
  ++step_.num_sequences;
}

void Generator::add_tile(const Tile& tile, const PlannedRows& rows) {
  for (const TilePart& part : tile) {
    Group& group = *rows.prompts[part.prompt];
    const bool scored = group.scores_prompt();
    const BlockTable& table =
        group.begin_prompt(part.first, part.tokens, scheduler_->blocks(group.id()), rows.began);
    const int64_t end = part.first + part.tokens;
    const bool first_row = runner_.pools() && !runner_.pools_last_row();
    const int64_t output = first_row ? part.first : end - 1;
    for (int64_t i = part.first; i < end; ++i) {
      const bool wanted = scored || i == output;
      if (wanted) step_.output_rows.push_back(static_cast<int32_t>(step_.tokens.size()));
      add_row(group.token(i), i);
    }
    add_table(table);
    if (group.request().pooling) add_pooling_inputs(group);
  }
}

// Of a text whose rows are in the step.
void Generator::add_pooling_inputs(const Group& group) {
  const Request& request = group.request();
  const std::vector<int32_t>& types = request.pooling->token_types;
  step_.lengths.push_back(static_cast<int32_t>(request.prompt.size()));
  step_.token_types.insert(step_.token_types.end(), types.begin(), types.end());
  step_.token_types.resize(step_.tokens.size(), 0);
}

void Generator::take_tile(const Tile& tile, const PlannedRows& rows, std::span<const float> logits,
                          StepReport& report) {
  const auto vocab = static_cast<size_t>(runner_.output_columns());
  for (const TilePart& part : tile) {
    Group& group = *rows.prompts[part.prompt];
    const bool scored = group.scores_prompt();
    const size_t values = (scored ? static_cast<size_t>(part.tokens) : 1) * vocab;
    const std::span<const float> own = logits.first(values);
    logits = logits.subspan(values);
    if (scored) group.score_prompt(part.first, part.tokens, own);
    if (group.prompt_left() == 0) take_tokens(group, own.last(vocab), report);
  }
}

// A row of each sequence, and rows of drafts while the program has some left. Each sequence may
// have an equal part of these, so that none waits for the others' luck.
void Generator::add_decodes(const schedule::Plan& plan) {
  int64_t live = 0;
  for (const RequestId id : plan.decodes) live += running_.at(id)->num_live();
  // Prompts beside them have use enough for what is left of the program.
  int64_t left =
      plan.prompts.empty() ? verify_rows(live, most_draft_tokens(options_.speculation)) - live : 0;
  const int64_t each = live > 0 ? (left + live - 1) / live : 0;
  for (const RequestId id : plan.decodes) {
    Group& group = *running_.at(id);
    for (int64_t i = 0; i < group.num_live(); ++i) {
      BlockTable& table = group.table(i);
      if (scheduler_->owns_blocks()) table.follow(scheduler_->blocks(id));
      const int64_t most = std::min({each, left, table.room() - 1});
      const std::span<const int32_t> draft =
          group.draft(i, {.most_tokens = most, .sequences = live});
      int64_t position = table.tokens();
      add_sampled_row(group.next_token(i), position);
      for (const int32_t token : draft) add_sampled_row(token, ++position);
      left -= std::ssize(draft);
      table.append(1 + std::ssize(draft));
      add_table(table);
    }
  }
}

std::span<const float> Generator::take_decodes(const schedule::Plan& plan,
                                               std::span<const float> logits, StepReport& report) {
  const auto vocab = static_cast<size_t>(runner_.vocab_size());
  for (const RequestId id : plan.decodes) {
    Group& group = *running_.at(id);
    const size_t values = static_cast<size_t>(group.num_rows()) * vocab;
    take_tokens(group, logits.first(values), report);
    logits = logits.subspan(values);
  }
  return logits;
}

// The group may be gone afterwards.
void Generator::take_tokens(Group& group, std::span<const float> logits, StepReport& report) {
  const Status accepted = group.accept(logits, observer_, report);
  if (!accepted) return end(group, accepted.error());
  if (options_.speculation) scheduler_->computed(group.id(), group.longest());
  name_filled(group);
  if (group.num_live() == 0) end(group, std::nullopt);
}

void Generator::charge_interruption(const schedule::Plan& plan, double seconds) {
  for (const auto& [id, group] : running_) {
    if (std::ranges::find(plan.prompts, id, &schedule::PromptPart::id) == plan.prompts.end()) {
      group->interrupted(seconds);
    }
  }
}

// Choices that did not end by themselves are left as aborted.
void Generator::end(Group& group, std::optional<Error> failure) {
  const RequestId id = group.id();
  promised_blocks_ -= own_blocks(group.request());
  RequestOutput output = group.take_output(std::move(failure));
  ended_.push_back({.report = group.report(output), .output = std::move(output)});
  running_.erase(id);
  names_.erase(id);
  scheduler_->finish(id);
}

void Generator::end_waiting(RequestId id, std::optional<Error> failure) {
  const auto found = waiting_.find(id);
  const Request& request = found->second.request;
  Ended ended{.report = unstarted_report(id, request, found->second.arrival)};
  ended.report.failed = failure.has_value();
  for (int32_t i = 0; !failure && !request.pooling && i < Group::max_sequences(request); ++i) {
    ended.output.completions.push_back({.index = request.first_choice + i});
  }
  ended.output.error = std::move(failure);
  ended_.push_back(std::move(ended));
  waiting_.erase(found);
  names_.erase(id);
  scheduler_->finish(id);
}

void Generator::end_all(const std::optional<Error>& failure) {
  while (!running_.empty()) end(*running_.begin()->second, failure);
  while (!waiting_.empty()) end_waiting(waiting_.begin()->first, failure);
}

// The last of a step: whoever asks after an answer finds it counted.
void Generator::deliver(StepReport& report, Listener& listener) {
  if (observer_ != nullptr) {
    // Block 0 is nobody's where the scheduler owns the blocks.
    const int64_t blocks = runner_.kv_cache().shape().blocks - (scheduler_->owns_blocks() ? 1 : 0);
    report.paused = num_paused_;
    report.running = std::max<int64_t>(0, std::ssize(running_) - num_paused_ - num_preempted_);
    report.waiting = std::ssize(waiting_) + num_preempted_;
    report.kv_usage = static_cast<double>(blocks_in_use()) / static_cast<double>(blocks);
    observer_->on_step(report);
    for (const Ended& each : ended_) observer_->on_finished(each.report);
  }
  for (Ended& each : ended_) listener.on_finished(each.report.id, std::move(each.output));
  ended_.clear();
}

void Generator::deliver_between(Listener& listener) {
  StepReport between_steps;
  deliver(between_steps, listener);
}

bool Generator::abort(RequestId id, Listener& listener) {
  listener_ = &listener;
  if (const auto running = running_.find(id); running != running_.end()) {
    end(*running->second, std::nullopt);
  } else if (waiting_.contains(id)) {
    end_waiting(id, std::nullopt);
  } else {
    return false;
  }
  deliver_between(listener);
  return true;
}

void Generator::abort_all(Listener& listener) {
  listener_ = &listener;
  end_all(std::nullopt);
  deliver_between(listener);
}

}  // namespace spyre::engine
