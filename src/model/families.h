// One function a family: ModelConfig and StepShape to a Graph. families.cc lists them by
// architecture name.
#pragma once

#include "checkpoint/model_config.h"
#include "graph/graph.h"
#include "model/model.h"

namespace spyre::model {

struct BuildRequest {
  const checkpoint::ModelConfig& config;
  const StepShape& shape;
  int64_t max_model_len;
};

graph::Graph build_llama(const BuildRequest& request);
graph::Graph build_qwen3(const BuildRequest& request);
graph::Graph build_granite_moe(const BuildRequest& request);
graph::Graph build_gemma3(const BuildRequest& request);
graph::Graph build_phi3(const BuildRequest& request);
graph::Graph build_gpt_bigcode(const BuildRequest& request);
graph::Graph build_opt(const BuildRequest& request);
graph::Graph build_bert(const BuildRequest& request);
graph::Graph build_mpnet(const BuildRequest& request);

}  // namespace spyre::model
