// Admission by reservation, and the choice between a prompt's chunk and a decode.
#include "schedule/reserving.h"

#include <algorithm>

#include "schedule/continuous.h"

namespace spyre::schedule {

namespace {

Status positive(const char* what, int64_t found) {
  if (found >= 1) return {};
  return error(Code::kInvalidArgument, "{}: wanted at least 1, found {}", what, found);
}

// Full blocks of the prompt have all sequences as owners; a beam's fork is gone within its step.
int64_t blocks_held(const Demand& demand, int64_t tokens) {
  if (tokens <= demand.prompt_tokens) return blocks_of(tokens);
  const int64_t shared = demand.prompt_tokens / kBlockTokens;
  return shared + demand.sequences * (blocks_of(tokens) - shared);
}

}  // namespace

Reserving::Reserving(const ReservingOptions& options) : options_(options) {}

Result<std::unique_ptr<Reserving>> Reserving::create(const ReservingOptions& options) {
  SPYRE_TRY(positive("--max-num-seqs", options.max_sequences));
  SPYRE_TRY(positive("KV blocks (--kv-cache-memory-bytes)", options.kv_blocks));
  SPYRE_TRY(positive("--max-model-len", options.max_model_len));
  SPYRE_TRY(positive("prompt tokens of a step", options.prompt_chunk_tokens));
  return std::unique_ptr<Reserving>(new Reserving(options));
}

int64_t Reserving::blocks_each(int64_t prompt_tokens, int64_t max_tokens) const {
  return blocks_of(std::min(prompt_tokens + max_tokens, options_.max_model_len));
}

int64_t Reserving::most_blocks(const Demand& demand) const {
  // New beams are forked, a block each, before their parents end.
  return demand.sequences *
         (blocks_each(demand.prompt_tokens, demand.max_tokens) + (demand.beams ? 1 : 0));
}

Status Reserving::admissible(const Demand& demand) const {
  if (demand.prompt_tokens >= options_.max_model_len) {
    return error(Code::kInvalidArgument,
                 "prompt: {} tokens leave no room for an answer within max_model_len {}; shorten "
                 "it or raise --max-model-len",
                 demand.prompt_tokens, options_.max_model_len);
  }
  if (demand.sequences > options_.max_sequences) {
    return error(Code::kInvalidArgument,
                 "{}: wanted at most {} sequences at once (--max-num-seqs), found {}",
                 demand.beams ? "beam_width" : "n", options_.max_sequences, demand.sequences);
  }
  if (const int64_t blocks = most_blocks(demand); blocks > options_.kv_blocks) {
    return error(Code::kInvalidArgument,
                 "the request may need {} KV blocks of {} tokens, the cache has {}; lower "
                 "max_tokens or raise --kv-cache-memory-bytes",
                 blocks, kBlockTokens, options_.kv_blocks);
  }
  return {};
}

int64_t Reserving::most_new_tokens(int64_t prompt_tokens) const {
  const int64_t most_tokens = std::min(options_.max_model_len, options_.kv_blocks * kBlockTokens);
  return std::max<int64_t>(0, most_tokens - prompt_tokens);
}

int64_t Reserving::most_sequences(int64_t prompt_tokens, int64_t max_tokens) const {
  if (prompt_tokens >= options_.max_model_len) return 0;
  const int64_t each = std::max<int64_t>(1, blocks_each(prompt_tokens, max_tokens));
  return std::min(options_.max_sequences, options_.kv_blocks / each);
}

void Reserving::add(const Demand& demand) {
  SPYRE_CHECK(admissible(demand).has_value());
  waiting_.push_back(demand);
}

void Reserving::admit() {
  while (!waiting_.empty()) {
    const Demand& next = waiting_.front();
    const int64_t blocks = most_blocks(next);
    if (reserved_sequences_ + next.sequences > options_.max_sequences ||
        reserved_blocks_ + blocks > options_.kv_blocks) {
      return;
    }
    reserved_sequences_ += next.sequences;
    reserved_blocks_ += blocks;
    running_.push_back({.demand = next});
    waiting_.pop_front();
  }
}

Plan Reserving::next() {
  admit();
  if (running_.empty()) return {};
  const auto prompting = std::ranges::find_if(
      running_, [](const Running& each) { return each.tokens < each.demand.prompt_tokens; });
  if (prompting != running_.end()) {
    const int64_t first = prompting->tokens;
    const int64_t tokens =
        std::min(prompting->demand.prompt_tokens - first, options_.prompt_chunk_tokens);
    prompting->tokens += tokens;
    return {.kind = StepKind::kPrefill,
            .prompts = {{.id = prompting->demand.id, .first = first, .tokens = tokens}}};
  }
  Plan plan{.kind = StepKind::kDecode};
  for (Running& each : running_) {
    ++each.tokens;
    plan.decodes.push_back(each.demand.id);
  }
  return plan;
}

void Reserving::computed(RequestId id, int64_t tokens) {
  const auto is_it = [id](const Running& each) { return each.demand.id == id; };
  const auto found = std::ranges::find_if(running_, is_it);
  if (found != running_.end()) found->tokens = std::max(found->tokens, tokens);
}

void Reserving::finish(RequestId id) {
  std::erase_if(waiting_, [id](const Demand& each) { return each.id == id; });
  const auto found =
      std::ranges::find_if(running_, [id](const Running& each) { return each.demand.id == id; });
  if (found == running_.end()) return;
  reserved_sequences_ -= found->demand.sequences;
  reserved_blocks_ -= most_blocks(found->demand);
  running_.erase(found);
}

Snapshot Reserving::snapshot() const {
  Snapshot snapshot{.blocks_reserved = reserved_blocks_};
  for (const Demand& each : waiting_) snapshot.waiting.push_back(each.id);
  for (const Running& each : running_) {
    snapshot.running.push_back(each.demand.id);
    snapshot.tkv = std::max(snapshot.tkv, each.tokens);
    snapshot.blocks_used += blocks_held(each.demand, each.tokens);
  }
  return snapshot;
}

}  // namespace spyre::schedule
