// The choice of a step: go on with the prompt in flight, start one, else decode.
#include "schedule/chunked_batching.h"

#include <algorithm>
#include <iterator>

#include "schedule/pausing.h"
#include "schedule/volume.h"

namespace spyre::schedule {

Result<std::unique_ptr<ChunkedBatching>> ChunkedBatching::create(
    const ChunkedBatchingOptions& options) {
  SPYRE_TRY(check(options.limits));
  SPYRE_TRY(check_volume_limit(options.volume_limit, options.limits));
  if (options.chunk_tokens < kBlockTokens || options.chunk_tokens % kBlockTokens != 0) {
    return error(Code::kInvalidArgument,
                 "--max-num-batched-tokens: wanted a positive multiple of the block size ({}) in "
                 "chunked prefill, found {}",
                 kBlockTokens, options.chunk_tokens);
  }
  return std::unique_ptr<ChunkedBatching>(new ChunkedBatching(options));
}

Status ChunkedBatching::admissible(const Demand& demand) const {
  return check_length(options_.limits, demand, demand.prompt_tokens);
}

int64_t ChunkedBatching::most_new_tokens(int64_t prompt_tokens) const {
  return std::max<int64_t>(0, options_.limits.max_model_len - prompt_tokens);
}

ChunkedBatching::Row* ChunkedBatching::in_flight() {
  const auto found = std::ranges::find_if(running_, &Row::prompting);
  return found == running_.end() ? nullptr : &*found;
}

int64_t ChunkedBatching::num_decoding() const {
  return std::ranges::count_if(running_, [](const Row& row) { return !row.prompting(); });
}

bool ChunkedBatching::must_decode_first() const {
  return options_.interleave && last_was_prefill_ && num_decoding() > 0;
}

// A block of slack each: rows end in the last block, wherever in it they are. After a prompt's
// chunk tkv_ says nothing of the rows that decode.
bool ChunkedBatching::volume_fits(const Demand& demand) const {
  int64_t longest = std::max(tkv_, demand.prompt_tokens);
  for (const Row& row : running_) {
    if (!row.prompting()) longest = std::max(longest, row.computed);
  }
  const int64_t tkv = longest / kBlockTokens * kBlockTokens + demand.prompt_tokens % kBlockTokens;
  std::vector<int64_t> others;
  for (const Row& row : running_) {
    if (row.prompting()) continue;
    const int64_t remaining = row.demand.max_tokens - row.generated();
    others.push_back(ceil_to_block(longest + remaining - 1) + kBlockTokens);
  }
  const int64_t reach = ceil_to_block(tkv + demand.max_tokens - 1) + kBlockTokens;
  return most_volume(reach, std::move(others)) <= options_.volume_limit;
}

bool ChunkedBatching::last_chunk_fits(const Demand& demand) const {
  return num_decoding() < options_.limits.max_num_seqs && (options_.pausing || volume_fits(demand));
}

bool ChunkedBatching::may_start(const Demand& demand, const Fit& fit) const {
  if (running_.empty() && paused_.empty()) return true;
  if (!paused_.empty() || must_decode_first()) return false;
  if (std::ssize(running_) >= options_.limits.max_num_seqs) return false;
  const ChunkLayout layout{demand.prompt_tokens, options_.chunk_tokens};
  const bool is_last = fit.skipped_chunks + 1 == layout.chunks();
  return (options_.interleave && !is_last) || last_chunk_fits(demand);
}

// Without interleaving all that may stand in its way was looked at before its first chunk.
bool ChunkedBatching::may_continue(const Row& row) const {
  if (!paused_.empty() || must_decode_first()) return false;
  const bool is_last = row.chunk + 1 == row.layout.chunks();
  return !options_.interleave || !is_last || last_chunk_fits(row.demand);
}

// Nobody overtakes a request that waits for memory; one that may not start yet for another reason
// lets those behind it try.
bool ChunkedBatching::start_one(Plan& plan) {
  for (auto each = waiting_.begin(); each != waiting_.end(); ++each) {
    const Demand& demand = *each;
    // The last token of a prompt is always computed.
    const auto full_blocks = static_cast<size_t>(
        options_.prefix_caching ? (demand.prompt_tokens - 1) / kBlockTokens : 0);
    const std::span<const BlockHash> names(demand.names.data(),
                                           std::min(demand.names.size(), full_blocks));
    const KvTables::Hits hits = tables_.find(names);
    const int64_t needed = blocks_of(demand.prompt_tokens + demand.max_tokens) - hits.owned;
    if (needed > tables_.room()) return false;
    const ChunkLayout layout{demand.prompt_tokens, options_.chunk_tokens};
    const Fit fit{.hit_blocks = hits.blocks, .skipped_chunks = layout.cached_chunks(hits.blocks)};
    if (!may_start(demand, fit)) continue;
    start(demand, fit, plan);
    waiting_.erase(each);
    return true;
  }
  return false;
}

void ChunkedBatching::start(const Demand& demand, const Fit& fit, Plan& plan) {
  Row row{.demand = demand,
          .layout = {demand.prompt_tokens, options_.chunk_tokens},
          .chunk = fit.skipped_chunks,
          .computed = fit.hit_blocks * kBlockTokens};
  tables_.open(demand.id, std::span(demand.names).first(static_cast<size_t>(fit.hit_blocks)));
  tables_.reserve(demand.id, blocks_of(demand.prompt_tokens + demand.max_tokens) - fit.hit_blocks);
  if (options_.prefix_caching) {
    plan.prefix = {.queries = demand.prompt_tokens,
                   .hits = row.layout.tokens_in(fit.skipped_chunks)};
  }
  running_.push_back(std::move(row));
}

void ChunkedBatching::add_chunk(Row& row, Plan& plan) {
  const int64_t end = row.layout.end(row.chunk);
  const bool is_first = row.chunk == 0;
  const bool is_last = end == row.demand.prompt_tokens;
  const int64_t left_padding = is_first ? row.layout.left_padding() : 0;
  plan.kind = StepKind::kPrefill;
  plan.prompts.push_back({.id = row.demand.id,
                          .first = row.computed,
                          .tokens = end - row.computed,
                          .left_padding = left_padding});
  plan.padding_tokens = left_padding + (is_last ? ceil_to_block(end) - end : 0);
  tables_.grow(row.demand.id, blocks_of(end));
  const int64_t full_blocks = std::min(end / kBlockTokens, std::ssize(row.demand.names));
  for (int64_t i = row.computed / kBlockTokens; i < full_blocks; ++i) {
    tables_.name(row.demand.id, i, row.demand.names[static_cast<size_t>(i)]);
  }
  row.computed = end;
  ++row.chunk;
  tkv_ = row.demand.prompt_tokens;
  last_was_prefill_ = true;
}

// The row in flight goes behind those that decode.
int64_t ChunkedBatching::gather_decoding() {
  const auto prompting = std::ranges::find_if(running_, &Row::prompting);
  if (prompting == running_.end()) return std::ssize(running_);
  std::rotate(prompting, prompting + 1, running_.end());
  return std::ssize(running_) - 1;
}

// The net change counts: a row that takes another's turn is neither paused nor resumed for those
// who watch the number.
void ChunkedBatching::pause_and_resume(Plan& plan) {
  const int64_t paused_before = std::ssize(paused_);
  std::vector<Row> rows = std::move(paused_);
  const auto decoding_end = running_.begin() + gather_decoding();
  std::move(running_.begin(), decoding_end, std::back_inserter(rows));
  running_.erase(running_.begin(), decoding_end);
  paused_.clear();
  std::vector<PausingCandidate> candidates;
  candidates.reserve(rows.size());
  for (const Row& row : rows) {
    candidates.push_back(
        {.waited = row.waited, .generated = row.generated(), .computed = row.computed});
  }
  const std::vector<size_t> taken = choose_decodes(
      candidates, {.volume_limit = options_.volume_limit, .long_outputs = options_.long_outputs});
  // Those that ran keep their places, those that come back are behind them.
  std::ranges::rotate(rows, rows.begin() + paused_before);
  const auto size = std::ssize(rows);
  std::vector<Row> decoding;
  for (int64_t i = 0; i < size; ++i) {
    Row& row = rows[static_cast<size_t>(i)];
    const auto candidate = static_cast<size_t>((i + paused_before) % size);
    const bool runs = std::ranges::binary_search(taken, candidate);
    row.waited = runs ? 0 : row.waited + 1;
    (runs ? decoding : paused_).push_back(std::move(row));
  }
  running_.insert(running_.begin(), std::make_move_iterator(decoding.begin()),
                  std::make_move_iterator(decoding.end()));
  const int64_t change = std::ssize(paused_) - paused_before;
  plan.pauses = {.paused = std::ssize(paused_),
                 .pauses = std::max<int64_t>(0, change),
                 .resumes = std::max<int64_t>(0, -change)};
}

void ChunkedBatching::add_decodes(Plan& plan) {
  if (options_.pausing) pause_and_resume(plan);
  const auto decoding = static_cast<size_t>(gather_decoding());
  std::vector<int64_t> computed;
  computed.reserve(decoding);
  for (Row& row : std::span(running_).first(decoding)) {
    computed.push_back(row.computed);
    tables_.grow(row.demand.id, blocks_of(row.computed + 1));
    ++row.computed;
    plan.decodes.push_back(row.demand.id);
  }
  tkv_ = decode_tkv(computed);
  last_was_prefill_ = false;
  if (decoding > 0) plan.kind = StepKind::kDecode;
}

Plan ChunkedBatching::next() {
  Plan plan;
  plan.pauses.paused = std::ssize(paused_);
  Row* const row = in_flight();
  const bool prefills = row != nullptr ? may_continue(*row) : start_one(plan);
  if (!prefills) {
    add_decodes(plan);
    return plan;
  }
  add_chunk(row != nullptr ? *row : running_.back(), plan);
  // What the step works on comes first.
  const auto worked_on = std::ranges::find(running_, plan.prompts[0].id,
                                           [](const Row& each) { return each.demand.id; });
  std::rotate(running_.begin(), worked_on, worked_on + 1);
  return plan;
}

void ChunkedBatching::computed(RequestId id, int64_t tokens) {
  const auto found = std::ranges::find(running_, id, [](const Row& row) { return row.demand.id; });
  if (found != running_.end()) found->computed = std::max(found->computed, tokens);
}

void ChunkedBatching::finish(RequestId id) {
  std::erase_if(waiting_, [id](const Demand& each) { return each.id == id; });
  const auto is_it = [id](const Row& row) { return row.demand.id == id; };
  std::erase_if(running_, is_it);
  std::erase_if(paused_, is_it);
  tables_.close(id);
}

Snapshot ChunkedBatching::snapshot() const {
  Snapshot snapshot{.tkv = tkv_,
                    .blocks_used = tables_.used(),
                    .blocks_reserved = tables_.reserved(),
                    .block_tables = tables_.tables()};
  for (const Demand& each : waiting_) snapshot.waiting.push_back(each.id);
  for (const Row& row : running_) snapshot.running.push_back(row.demand.id);
  for (const Row& row : paused_) snapshot.paused.push_back(row.demand.id);
  return snapshot;
}

}  // namespace spyre::schedule
