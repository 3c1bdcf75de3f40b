#include "engine/guide.h"

namespace spyre::engine {

namespace {
constexpr int64_t kWordBits = 32;
}  // namespace

Guide::Guide(text::GrammarState state, int64_t vocab_size, MaskThread& thread)
    : thread_(thread),
      state_(std::move(state)),
      words_(static_cast<size_t>((vocab_size + kWordBits - 1) / kWordBits)) {}

Result<std::unique_ptr<Guide>> Guide::create(const text::Grammar& grammar, int64_t vocab_size,
                                             MaskThread& thread) {
  SPYRE_TRY_ASSIGN(text::GrammarState state, text::GrammarState::create(grammar));
  std::unique_ptr<Guide> guide(new Guide(std::move(state), vocab_size, thread));
  guide->prepare();
  return guide;
}

Guide::~Guide() { thread_.withdraw(*this); }

void Guide::prepare() { thread_.post(*this); }

void Guide::run() { computed_ = state_.mask(words_); }

Result<std::span<const uint32_t>> Guide::mask() {
  thread_.finish(*this);
  SPYRE_TRY(computed_);
  return std::span<const uint32_t>(words_);
}

Result<bool> Guide::accept(int32_t token) { return state_.accept(token); }

}  // namespace spyre::engine
