#include "cli/pooling_service.h"

namespace spyre::cli {

serve::openai::PoolingModel pooling_model(const checkpoint::ModelConfig& config) {
  const checkpoint::Pooling& pooling = *config.pooling;
  const bool embeds = pooling.task == checkpoint::PoolingTask::kEmbed;
  return {
      .task = embeds ? serve::openai::PoolingTask::kEmbed : serve::openai::PoolingTask::kClassify,
      .columns = pooling.columns(config.hidden_size),
      .max_tokens = pooling.max_tokens,
      .activate = embeds ? pooling.normalize : true,
      .labels = pooling.labels,
      .exclusive_labels = pooling.exclusive_labels,
      .prompts = pooling.prompts};
}

}  // namespace spyre::cli
