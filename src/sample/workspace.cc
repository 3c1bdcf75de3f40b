#include "sample/workspace.h"

#include <limits>

#include "sample/softmax.h"

namespace spyre::sample {

Result<Workspace> Workspace::create(int64_t vocab_size) {
  if (vocab_size < 1 || vocab_size > std::numeric_limits<int32_t>::max()) {
    return error(Code::kInvalidArgument, "vocab_size: wanted from 1 to {}, found {}",
                 std::numeric_limits<int32_t>::max(), vocab_size);
  }
  Workspace workspace;
  workspace.vocab_size_ = static_cast<size_t>(vocab_size);
  const size_t vocab = workspace.vocab_size_;
  const size_t blocks = (vocab + kBlockTokens - 1) / kBlockTokens;
  SPYRE_TRY_ASSIGN(workspace.logits_, AlignedBuffer::create(vocab * sizeof(float)));
  SPYRE_TRY_ASSIGN(workspace.candidates_, AlignedBuffer::create(vocab * sizeof(Candidate)));
  SPYRE_TRY_ASSIGN(workspace.block_weights_, AlignedBuffer::create(blocks * sizeof(float)));
  return workspace;
}

}  // namespace spyre::sample
