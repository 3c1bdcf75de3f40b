// The life of a batch: prefill, decodes, gone.
#include "schedule/static_batching.h"

#include <algorithm>
#include <utility>

#include "schedule/static_admission.h"

namespace spyre::schedule {

StaticBatching::StaticBatching(std::vector<Shape> shapes, ShapeChoice choice)
    : shapes_(std::move(shapes)), choice_(choice) {}

Result<std::unique_ptr<StaticBatching>> StaticBatching::create(
    const StaticBatchingOptions& options) {
  SPYRE_TRY_ASSIGN(auto shapes, sorted_shapes(options.shapes, options.prompt_only ? 0 : 1));
  return std::unique_ptr<StaticBatching>(new StaticBatching(std::move(shapes), options.choice));
}

Status StaticBatching::admissible(const Demand& demand) const {
  return fits_a_shape(shapes_, demand);
}

int64_t StaticBatching::most_new_tokens(int64_t prompt_tokens) const {
  return schedule::most_new_tokens(shapes_, prompt_tokens);
}

int64_t StaticBatching::most_sequences(int64_t prompt_tokens, int64_t max_tokens) const {
  return schedule::most_sequences(shapes_, prompt_tokens, max_tokens);
}

void StaticBatching::add(const Demand& demand) {
  SPYRE_CHECK(admissible(demand).has_value());
  waiting_.push_back(demand);
}

Plan StaticBatching::next() {
  if (!running_.empty()) return decode();
  shape_.reset();
  tkv_ = 0;
  if (waiting_.empty()) return {};
  return start_batch();
}

Plan StaticBatching::start_batch() {
  Batch batch = take_batch(waiting_, shapes_, choice_);
  Plan plan{.kind = StepKind::kPrefill, .shape = batch.shape};
  plan.padding_tokens = batch.shape.prompt_tokens * batch.shape.batch_size;
  for (const Demand& request : batch.requests) {
    plan.prompts.push_back({.id = request.id,
                            .tokens = request.prompt_tokens,
                            .left_padding = batch.shape.prompt_tokens - request.prompt_tokens});
    plan.padding_tokens -= request.prompt_tokens;
  }
  shape_ = batch.shape;
  steps_ = 0;
  tkv_ = batch.shape.prompt_tokens;
  running_ = std::move(batch.requests);
  return plan;
}

Plan StaticBatching::decode() {
  Plan plan{.kind = StepKind::kDecode, .shape = shape_, .padding_tokens = shape_->batch_size};
  for (const Demand& request : running_) {
    plan.decodes.push_back(request.id);
    plan.padding_tokens -= request.sequences;
  }
  ++steps_;
  tkv_ = std::max(tkv_, shape_->prompt_tokens + steps_);
  return plan;
}

void StaticBatching::computed(RequestId id, int64_t tokens) {
  const auto found = std::ranges::find(running_, id, &Demand::id);
  if (found == running_.end()) return;
  tkv_ = std::max(tkv_, shape_->prompt_tokens - found->prompt_tokens + tokens);
}

void StaticBatching::finish(RequestId id) {
  const auto is_it = [id](const Demand& request) { return request.id == id; };
  std::erase_if(running_, is_it);
  std::erase_if(waiting_, is_it);
}

Snapshot StaticBatching::snapshot() const {
  Snapshot snapshot{.tkv = tkv_};
  for (const Demand& request : waiting_) snapshot.waiting.push_back(request.id);
  for (const Demand& request : running_) snapshot.running.push_back(request.id);
  snapshot.blocks_used = shape_ ? shape_->blocks() : 0;
  snapshot.blocks_reserved = snapshot.blocks_used;
  return snapshot;
}

}  // namespace spyre::schedule
