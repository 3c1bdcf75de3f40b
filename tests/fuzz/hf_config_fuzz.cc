// Any bytes as each of the JSON files of a model folder, and as --pooler-config.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/json.h"
#include "checkpoint/grouped.h"
#include "checkpoint/hf_config.h"
#include "checkpoint/pooler_config.h"
#include "checkpoint/sentence_transformers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spyre::checkpoint;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = spyre::parse_json(text, "fuzz");
  if (!json) return 0;
  (void)read_model_config(*json, "fuzz");
  (void)read_generation_config(*json, "fuzz");
  (void)read_quantization_config(*json, "fuzz");
  (void)read_sentence_modules(*json, "fuzz");
  (void)read_pooling_mode(*json, 36, "fuzz");
  (void)read_dense_module(*json, "2_Dense", 36, "fuzz");
  ModelConfig config;
  config.max_positions = 96;
  Pooling pooling = pooling_of_decoder(config);
  (void)read_sentence_limits(*json, "fuzz", pooling);
  (void)read_sentence_prompts(*json, "fuzz", pooling);
  (void)with_pooler_config(*json, config, pooling);
  return 0;
}
