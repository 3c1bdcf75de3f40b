#include "schedule/padded_batch.h"

#include <algorithm>

namespace spyre::schedule {

std::span<const int32_t> PaddedBatch::data_blocks(RequestId id) const {
  const std::span<const int32_t> table = tables_.table(id);
  const auto row = std::ranges::find(rows_, id, &PaddedRow::id);
  if (row == rows_.end() || padding_ == Padding::kWithoutBlocks) return table;
  return table.subspan(static_cast<size_t>(padding_blocks(*row)));
}

int64_t PaddedBatch::reserved_blocks() const {
  int64_t blocks = 0;
  for (const PaddedRow& row : rows_) blocks += row.reserved_blocks;
  for (const PaddedRow& row : ended_) blocks += row.reserved_blocks;
  return blocks;
}

void PaddedBatch::release_ended() {
  for (const PaddedRow& row : ended_) tables_.close(row.id);
  ended_.clear();
}

void PaddedBatch::drop_padding() {
  if (rows_.empty()) return;
  const int64_t blocks = padding_blocks(
      *std::ranges::min_element(rows_, {}, [](const PaddedRow& row) { return row.left_padding; }));
  if (blocks == 0) return;
  for (PaddedRow& row : rows_) {
    row.left_padding -= blocks * kBlockTokens;
    if (padding_ == Padding::kInBlocks) tables_.drop_front(row.id, blocks);
  }
  tkv_ -= blocks * kBlockTokens;
}

Plan PaddedBatch::prefill(const Demand& demand, int64_t reserved_blocks) {
  if (rows_.empty()) tkv_ = ceil_to_block(demand.prompt_tokens);
  PaddedRow row{.id = demand.id,
                .prompt_tokens = demand.prompt_tokens,
                .max_tokens = demand.max_tokens,
                .left_padding = tkv_ - demand.prompt_tokens,
                .reserved_blocks = reserved_blocks};
  tables_.open(row.id);
  tables_.grow(row.id, table_blocks(row));
  const int64_t positions = table_blocks(row) * kBlockTokens;
  const int64_t left_padding =
      padding_ == Padding::kInBlocks ? row.left_padding : row.left_padding % kBlockTokens;
  rows_.insert(rows_.begin(), row);
  return {
      .kind = StepKind::kPrefill,
      .prompts = {{.id = demand.id, .tokens = demand.prompt_tokens, .left_padding = left_padding}},
      .padding_tokens = positions - demand.prompt_tokens};
}

Plan PaddedBatch::decode() {
  Plan plan{.kind = StepKind::kDecode};
  ++tkv_;
  for (PaddedRow& row : rows_) {
    tables_.grow(row.id, table_blocks(row));
    ++row.decodes;
    plan.decodes.push_back(row.id);
  }
  return plan;
}

bool PaddedBatch::end(RequestId id) {
  const auto row = std::ranges::find(rows_, id, &PaddedRow::id);
  if (row == rows_.end()) return false;
  ended_.push_back(*row);
  rows_.erase(row);
  return true;
}

Snapshot PaddedBatch::snapshot() const {
  Snapshot snapshot{.tkv = tkv_,
                    .blocks_used = tables_.used(),
                    .blocks_reserved = reserved_blocks(),
                    .block_tables = tables_.tables()};
  for (const PaddedRow& row : rows_) snapshot.running.push_back(row.id);
  return snapshot;
}

}  // namespace spyre::schedule
