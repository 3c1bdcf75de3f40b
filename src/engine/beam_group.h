// A group that searches with beams: the likeliest continuations of one prompt. Beams fork the block
// table of the beam that they continue; the answers come at the end, best first.
#pragma once

#include "engine/group.h"

namespace spyre::engine {

class BeamGroup final : public Group {
 public:
  // beam: validated.
  static Result<std::unique_ptr<Group>> create(GroupContext& context, RequestId id, Request request,
                                               Clock::time_point arrival);

  int64_t num_live() const override { return static_cast<int64_t>(tables_.size()); }
  int32_t next_token(int64_t i) const override {
    return search_.live()[static_cast<size_t>(i)].token;
  }
  BlockTable& table(int64_t i) override { return tables_[static_cast<size_t>(i)]; }

 protected:
  Status choose(std::span<const float> logits, Gains& gains) override;
  std::vector<Completion> take_completions() override;

 private:
  BeamGroup(GroupContext& context, RequestId id, Request request, Clock::time_point arrival);
  std::vector<BlockTable> fork_tables(std::vector<BlockTable> parents) const;
  void tell_all();
  Completion completion(int32_t index, const sample::Hypothesis& hypothesis) const;
  Result<std::string> text_of(std::span<const int32_t> ids) const;

  sample::BeamSearch search_;
  std::vector<BlockTable> tables_;  // of search_.live(), once the prompt has run
  std::vector<sample::TokenLogprob> candidates_;
};

}  // namespace spyre::engine
