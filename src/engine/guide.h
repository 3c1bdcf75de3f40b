// The grammar of one choice on its way: the mask of its next token, computed while the model runs,
// and the step to the one after.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/mask_thread.h"
#include "text/grammar.h"

namespace spyre::engine {

class Guide final : private MaskThread::Job {
 public:
  // Begins with the first token's mask. Borrows the thread. Errors: those of GrammarState.
  static Result<std::unique_ptr<Guide>> create(const text::Grammar& grammar, int64_t vocab_size,
                                               MaskThread& thread);
  // Waits for a mask that is being computed.
  ~Guide() override;

  // The tokens that may come next, a bit each, as TokenMask's; valid until the next call. Waits for
  // it. Errors: those of GrammarState::mask.
  Result<std::span<const uint32_t>> mask();

  // The choice grew by this token, after mask(). True: nothing may follow it. Errors: those of
  // GrammarState::accept.
  Result<bool> accept(int32_t token);

  // Another token will be wanted: its mask may be computed now.
  void prepare();

 private:
  Guide(text::GrammarState state, int64_t vocab_size, MaskThread& thread);
  void run() override;

  MaskThread& thread_;
  text::GrammarState state_;
  std::vector<uint32_t> words_;
  Status computed_;
};

}  // namespace spyre::engine
