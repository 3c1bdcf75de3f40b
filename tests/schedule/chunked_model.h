// Chunked prefill, prefix caching and pausing, rule by rule.
#pragma once

#include <deque>

#include "model.h"
#include "naive_pool.h"

namespace spyre::schedule::testing {

struct ChunkedModelOptions {
  ModelLimits limits = {};
  int64_t chunk_tokens = 128;
  int64_t volume_limit = 0;
  bool interleave = true;
  bool pausing = true;
  bool long_outputs = false;
  bool prefix_caching = true;
};

class ChunkedModel {
 public:
  explicit ChunkedModel(const ChunkedModelOptions& options)
      : options_(options), pool_(options.limits.kv_blocks) {}

  bool admits(const Demand& demand) const {
    return demand.prompt_tokens + demand.max_tokens <= options_.limits.max_model_len;
  }

  void add(const Demand& demand) { waiting_.push_back(demand); }
  void set_time(double) {}
  void name_block(RequestId id, int64_t index, const BlockHash& name) {
    for (const Row& row : running_) {
      if (row.demand.id == id) pool_.name(row.table[static_cast<size_t>(index)], name);
    }
  }

  // Everything is given back at once, the last block first.
  void finish(RequestId id) {
    std::erase_if(waiting_, [id](const Demand& demand) { return demand.id == id; });
    for (std::vector<Row>* rows : {&running_, &paused_}) {
      for (const Row& row : *rows) {
        if (row.demand.id != id) continue;
        for (size_t i = row.table.size(); i-- > 0;) pool_.release(row.table[i]);
      }
      std::erase_if(*rows, [id](const Row& row) { return row.demand.id == id; });
    }
  }

  // A chunk of one prompt, or a decode; a decode when the prefill may not go on, or nobody may
  // start.
  Plan next() {
    if (Row* row = in_flight()) {
      if (may_continue(*row)) return chunk(*row, {.kind = StepKind::kPrefill});
    } else if (const auto started = look_for_a_start()) {
      return *started;
    }
    last_was_prefill_ = false;
    if (num_decoding() > 0 || !paused_.empty()) return decode();
    tkv_ = 0;
    return {};
  }

  Snapshot state() const {
    Snapshot state = {.tkv = tkv_, .blocks_used = pool_.used(), .blocks_reserved = reserved()};
    for (const Demand& demand : waiting_) state.waiting.push_back(demand.id);
    for (const Row& row : running_) state.running.push_back(row.demand.id);
    for (const Row& row : paused_) state.paused.push_back(row.demand.id);
    return state;
  }

 private:
  struct Row {
    Demand demand;
    std::vector<size_t> table = {};
    int64_t chunk = 0;     // the next one
    int64_t computed = 0;  // tokens whose keys and values are there
    int64_t waited = 0;

    bool prompting() const { return computed < demand.prompt_tokens; }
    int64_t generated() const { return computed - demand.prompt_tokens; }
    int64_t remaining() const { return demand.max_tokens - generated(); }
    // Blocks for prompt and answer that it has not yet got.
    int64_t reserved() const {
      return blocks_for(demand.prompt_tokens + demand.max_tokens) - std::ssize(table);
    }
  };

  // --- Layout of a prompt.

  int64_t chunks(const Demand& demand) const {
    return (demand.prompt_tokens + options_.chunk_tokens - 1) / options_.chunk_tokens;
  }
  int64_t left_padding(const Demand& demand) const {
    return chunks(demand) * options_.chunk_tokens - ceil64(demand.prompt_tokens);
  }

  // --- Prefix caching.

  struct Hit {
    std::vector<size_t> blocks = {};
    int64_t skipped_chunks = 0;
    int64_t usable_blocks = 0;
  };

  Hit look_up(const Demand& demand) const {
    if (!options_.prefix_caching) return {};
    // Never the last token of the prompt.
    const auto most = static_cast<size_t>((demand.prompt_tokens - 1) / kBlock);
    const std::span<const BlockHash> names = demand.names;
    Hit hit = {.blocks = pool_.find_all(names.first(std::min(most, names.size())))};
    const int64_t h = std::ssize(hit.blocks);
    const int64_t p = left_padding(demand) / kBlock;
    const int64_t c = options_.chunk_tokens / kBlock;
    int64_t full = (p + h) / c;
    if (full == chunks(demand)) full -= 1;
    hit.skipped_chunks = full;
    hit.usable_blocks = std::max<int64_t>(0, full * c - p);
    return hit;
  }

  // --- Who starts.

  int64_t reserved() const {
    int64_t sum = 0;
    for (const Row& row : running_) sum += row.reserved();
    for (const Row& row : paused_) sum += row.reserved();
    return sum;
  }
  // Cached blocks that are in use cost nothing.
  int64_t new_blocks(const Demand& demand, const Hit& hit) const {
    int64_t in_use = 0;
    for (const size_t block : hit.blocks) in_use += pool_.is_free(block) ? 0 : 1;
    return blocks_for(demand.prompt_tokens + demand.max_tokens) - in_use;
  }

  std::optional<Plan> look_for_a_start() {
    for (size_t i = 0; i < waiting_.size(); ++i) {
      const Demand demand = waiting_[i];
      const Hit hit = look_up(demand);
      // Nobody overtakes one that waits for memory.
      if (new_blocks(demand, hit) > pool_.free() - reserved()) return {};
      if (!may_start(demand, hit)) continue;
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
      return start(demand, hit);
    }
    return {};
  }

  bool may_start(const Demand& demand, const Hit& hit) const {
    if (!paused_.empty()) return false;
    if (running_.empty()) return true;
    if (must_interleave()) return false;
    if (std::ssize(running_) >= options_.limits.max_num_seqs) return false;
    const bool is_one_chunk = chunks(demand) - hit.skipped_chunks == 1;
    // Without interleaving all tests are made before the first chunk.
    return (!is_one_chunk && options_.interleave) || last_chunk_fits(demand);
  }
  bool must_interleave() const {
    return options_.interleave && last_was_prefill_ && num_decoding() > 0;
  }
  bool last_chunk_fits(const Demand& demand) const {
    return num_decoding() < options_.limits.max_num_seqs &&
           (options_.pausing || volume_fits(demand));
  }
  // With a block of slack each. tkv is the reported one; that of a prompt says nothing about those
  // that decode, so they count with what they hold.
  bool volume_fits(const Demand& demand) const {
    int64_t longest = std::max(tkv_, demand.prompt_tokens);
    for (const Row& row : running_) {
      if (!row.prompting()) longest = std::max(longest, row.computed);
    }
    const int64_t t = kBlock * (longest / kBlock) + demand.prompt_tokens % kBlock;
    const int64_t n = ceil64(t + demand.max_tokens - 1) + kBlock;
    std::vector<int64_t> d;
    for (const Row& row : running_) {
      if (!row.prompting()) d.push_back(ceil64(longest + row.remaining() - 1) + kBlock);
    }
    return reached_volume(n, d) <= options_.volume_limit;
  }

  Plan start(const Demand& demand, const Hit& hit) {
    for (const size_t block : hit.blocks) pool_.own(block);
    // Chunks that lie in cached blocks are skipped; of the next one, its cached blocks.
    running_.insert(running_.begin(), {.demand = demand,
                                       .table = hit.blocks,
                                       .chunk = hit.skipped_chunks,
                                       .computed = kBlock * std::ssize(hit.blocks)});
    Plan plan = {.kind = StepKind::kPrefill};
    if (options_.prefix_caching) {
      plan.prefix = {.queries = demand.prompt_tokens, .hits = kBlock * hit.usable_blocks};
    }
    return chunk(running_.front(), plan);
  }

  // --- A step of the prefill in flight.

  Row* in_flight() {
    for (Row& row : running_) {
      if (row.prompting()) return &row;
    }
    return nullptr;
  }

  bool may_continue(const Row& row) const {
    if (!options_.interleave) return true;
    if (!paused_.empty() || must_interleave()) return false;
    const bool is_last = row.chunk == chunks(row.demand) - 1;
    return !is_last || last_chunk_fits(row.demand);
  }

  Plan chunk(Row& row, Plan plan) {
    const Demand& demand = row.demand;
    const int64_t padding = left_padding(demand);
    const int64_t end =
        std::min(demand.prompt_tokens, (row.chunk + 1) * options_.chunk_tokens - padding);
    plan.prompts = {{.id = demand.id,
                     .first = row.computed,
                     .tokens = end - row.computed,
                     .left_padding = row.chunk == 0 ? padding : 0}};
    grow(row, end);
    row.computed = end;
    row.chunk += 1;
    if (options_.prefix_caching) {
      const int64_t full = std::min(end / kBlock, std::ssize(demand.names));
      for (size_t i = 0; i < static_cast<size_t>(full); ++i) {
        pool_.name(row.table[i], demand.names[i]);
      }
    }
    tkv_ = demand.prompt_tokens;
    last_was_prefill_ = true;
    move_to_front(demand.id);
    return plan;
  }

  void grow(Row& row, int64_t tokens) {
    while (std::ssize(row.table) < blocks_for(tokens)) row.table.push_back(pool_.take());
  }

  // --- A decode.

  int64_t num_decoding() const {
    return std::ranges::count_if(running_, [](const Row& row) { return !row.prompting(); });
  }

  // All rows end in the last block of the widest.
  static int64_t decode_tkv(const std::vector<const Row*>& rows) {
    int64_t width = 0;
    for (const Row* row : rows) width = std::max(width, blocks_for(row->computed + 1));
    int64_t tkv = 0;
    for (const Row* row : rows) {
      const int64_t own = blocks_for(row->computed + 1);
      tkv = std::max(tkv, kBlock * (width - own) + row->computed + 1);
    }
    return tkv;
  }

  Plan decode() {
    // Paused ones are looked at first. In the lists those that ran before keep their places.
    std::vector<Row> candidates = paused_;
    const auto paused_before = std::ssize(paused_);
    std::vector<Row> prompting;
    for (const Row& row : running_) (row.prompting() ? prompting : candidates).push_back(row);
    const std::vector<bool> taken = choose(candidates);
    running_.clear();
    paused_.clear();
    for (size_t i = 0; i < candidates.size(); ++i) {
      const size_t k = (i + static_cast<size_t>(paused_before)) % candidates.size();
      Row row = candidates[k];
      row.waited = taken[k] ? 0 : row.waited + 1;
      (taken[k] ? running_ : paused_).push_back(row);
    }

    std::vector<const Row*> decoding;
    for (const Row& row : running_) decoding.push_back(&row);
    tkv_ = decode_tkv(decoding);
    Plan plan = {.kind = StepKind::kDecode};
    for (Row& row : running_) {
      grow(row, row.computed + 1);
      row.computed += 1;
      plan.decodes.push_back(row.demand.id);
    }
    running_.insert(running_.end(), prompting.begin(), prompting.end());

    // The net change counts.
    const int64_t change = std::ssize(paused_) - paused_before;
    plan.pauses = {.paused = std::ssize(paused_),
                   .pauses = std::max<int64_t>(0, change),
                   .resumes = std::max<int64_t>(0, -change)};
    return plan;
  }

  // Those that waited longest come first, of them those that generated least (or most); each is
  // taken if the batch with it stays within the volume.
  std::vector<bool> choose(const std::vector<Row>& candidates) const {
    if (!options_.pausing) return std::vector<bool>(candidates.size(), true);
    std::vector<size_t> order(candidates.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, [&](size_t i, size_t j) {
      const Row& a = candidates[i];
      const Row& b = candidates[j];
      if (a.waited != b.waited) return a.waited > b.waited;
      if (a.generated() == b.generated()) return i < j;
      return (a.generated() > b.generated()) == options_.long_outputs;
    });
    std::vector<bool> taken(candidates.size(), false);
    std::vector<const Row*> batch;
    for (const size_t i : order) {
      batch.push_back(&candidates[i]);
      if (std::ssize(batch) * decode_tkv(batch) <= options_.volume_limit) {
        taken[i] = true;
      } else {
        batch.pop_back();
      }
    }
    return taken;
  }

  // Who a step worked on is listed first.
  void move_to_front(RequestId id) {
    const auto row =
        std::ranges::find(running_, id, [](const Row& each) { return each.demand.id; });
    std::rotate(running_.begin(), row, row + 1);
  }

  const ChunkedModelOptions options_;
  NaivePool pool_;
  std::deque<Demand> waiting_;
  std::vector<Row> running_;  // those first that the last step worked on
  std::vector<Row> paused_;
  int64_t tkv_ = 0;
  bool last_was_prefill_ = false;
};

}  // namespace spyre::schedule::testing
