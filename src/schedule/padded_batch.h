// A decode batch whose rows are as long as its longest: every prompt is padded on its left, so that
// all rows write at the same position, tkv, in the same step. The common part of the two older
// modes of continuous batching. Paddings and tkv move by whole blocks only, so what a row holds
// stays where it is in its blocks. A row that ended keeps its blocks until release_ended().
#pragma once

#include <vector>

#include "schedule/continuous.h"
#include "schedule/kv_tables.h"

namespace spyre::schedule {

struct PaddedRow {
  RequestId id = 0;
  int64_t prompt_tokens = 0;
  int64_t max_tokens = 0;
  int64_t left_padding = 0;
  int64_t decodes = 0;          // tokens computed after the prompt
  int64_t reserved_blocks = 0;  // if the mode reserves

  int64_t remaining() const { return max_tokens - decodes; }
};

class PaddedBatch {
 public:
  // Padding that fills whole blocks has blocks of its own, or has none.
  enum class Padding { kInBlocks, kWithoutBlocks };

  PaddedBatch(int64_t kv_blocks, Padding padding) : tables_(kv_blocks), padding_(padding) {}

  int64_t tkv() const { return tkv_; }
  const std::vector<PaddedRow>& rows() const { return rows_; }  // the newest first
  const KvTables& tables() const { return tables_; }
  std::span<const int32_t> data_blocks(RequestId id) const;
  // Of running rows and of those that ended in the last step.
  int64_t reserved_blocks() const;

  void release_ended();
  // Left padding that fills whole blocks of all rows goes.
  void drop_padding();
  // More left padding for all rows, a multiple of a block.
  void shift(int64_t positions) {
    tkv_ += positions;
    for (PaddedRow& row : rows_) row.left_padding += positions;
  }
  // A row joins at tkv; the first one starts the batch at the end of its prompt's last block.
  // Returns the step: its prompt.
  Plan prefill(const Demand& demand, int64_t reserved_blocks);
  // Every row writes at tkv.
  Plan decode();
  // Nobody is left.
  Plan idle() {
    tkv_ = 0;
    return {};
  }
  bool end(RequestId id);  // false: no such row

  // All but what waits.
  Snapshot snapshot() const;

 private:
  int64_t padding_blocks(const PaddedRow& row) const { return row.left_padding / kBlockTokens; }
  int64_t table_blocks(const PaddedRow& row) const {
    return blocks_of(tkv_) - (padding_ == Padding::kInBlocks ? 0 : padding_blocks(row));
  }

  KvTables tables_;
  const Padding padding_;
  int64_t tkv_ = 0;
  std::vector<PaddedRow> rows_;
  std::vector<PaddedRow> ended_;  // since the last step
};

}  // namespace spyre::schedule
