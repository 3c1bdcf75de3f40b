// A group of n independently sampled choices: after the prompt each choice forks its own sequence
// and draws from its own random stream. With speculation it may run ahead of itself: a step then
// takes as many tokens of a choice as agree with its draft, and the one after them.
#pragma once

#include "engine/group.h"
#include "engine/token_text.h"
#include "sample/sampler.h"

namespace spyre::engine {

class SampledGroup final : public Group {
 public:
  static Result<std::unique_ptr<Group>> create(GroupContext& context, RequestId id, Request request,
                                               Clock::time_point arrival);

  int64_t num_live() const override { return static_cast<int64_t>(live_.size()); }
  int32_t next_token(int64_t i) const override;
  BlockTable& table(int64_t i) override { return live_choice(i).table; }
  std::span<const int32_t> draft(int64_t i, const DraftTerms& terms) override;
  int64_t num_rows() const override;
  int64_t longest() const override;
  std::span<const int32_t> generated() const override { return choices_[0].completion.token_ids; }

 protected:
  Status choose(std::span<const float> logits, Gains& gains) override;
  std::vector<Completion> take_completions() override;
  void drop_blocks() override;

 private:
  struct Choice {
    sample::SequenceSampler sampler;
    TokenText text;
    BlockTable table;
    Completion completion;
    std::optional<Drafter> drafter;  // none: not speculated

    std::span<const int32_t> draft() const {
      return drafter ? drafter->draft() : std::span<const int32_t>();
    }
  };

  using Group::Group;
  Choice& live_choice(int64_t i) { return choices_[live_[static_cast<size_t>(i)]]; }
  void start_choices();
  bool is_speculated() const;
  // The tokens of one choice, from a row each of its last token and its draft; true when it ended.
  Result<bool> take(Choice& choice, std::span<const float> logits, int64_t& tokens,
                    DraftCounts& drafts);
  // One token for one choice; true when it ended.
  Result<bool> advance(Choice& choice, std::span<const float> logits);
  void add_token(Completion& completion, const sample::Token& token) const;
  Status add_text(Choice& choice, int32_t token, std::optional<sample::Finish>& finish);
  void tell(const Completion& completion, bool finished) const;

  std::vector<Choice> choices_;
  std::vector<size_t> live_;  // indices of choices_ that still grow, ascending
  std::vector<sample::TokenLogprob> best_;
  std::string piece_;
};

}  // namespace spyre::engine
