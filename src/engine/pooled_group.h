// A request for the vector of its prompt: one step, and nothing grows from it.
#pragma once

#include "engine/group.h"

namespace spyre::engine {

class PooledGroup final : public Group {
 public:
  using Group::Group;

  int64_t num_live() const override { return 0; }
  int32_t next_token(int64_t) const override { return 0; }
  BlockTable& table(int64_t) override { return prompt_table_; }

 private:
  Status choose(std::span<const float> values, Gains& gains) override {
    gains.tokens.clear();
    pooled_.assign(values.begin(), values.end());
    return {};
  }
  std::vector<Completion> take_completions() override { return {}; }
  std::vector<float> take_pooled() override { return std::move(pooled_); }

  std::vector<float> pooled_;
};

}  // namespace spyre::engine
