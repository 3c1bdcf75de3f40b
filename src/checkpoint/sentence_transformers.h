// The JSON files that sentence-transformers puts beside a model (Reimers and Gurevych 2019, arXiv
// 1908.10084): which modules follow the transformer, how each is set, how long a text may be, what
// is put before it. Each function reads one file's content; sentence_folder.h finds the files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

enum class SentenceModuleKind { kTransformer, kPooling, kDense, kNormalize };

struct SentenceModule {
  SentenceModuleKind kind = SentenceModuleKind::kTransformer;
  std::string path;  // its folder; the transformer's is the model's own
};

// modules.json: a transformer, and perhaps a pooling, then dense layers, then normalisation;
// dropout is left out. kUnsupported: another module, place or order, naming it.
Result<std::vector<SentenceModule>> read_sentence_modules(const Json& json,
                                                          std::string_view source);

// config.json of a pooling module. kUnsupported: more than one mode, or one that is not
// PoolingType.
Result<PoolingType> read_pooling_mode(const Json& json, int64_t hidden_size,
                                      std::string_view source);

// config.json of a dense module in folder `path`. inputs: columns of what comes before it.
Result<DenseLayer> read_dense_module(const Json& json, std::string_view path, int64_t inputs,
                                     std::string_view source);

// sentence_bert_config.json: lowers pooling.max_tokens to max_seq_length.
Status read_sentence_limits(const Json& json, std::string_view source, Pooling& pooling);

// config_sentence_transformers.json: prompts and the default one's name.
Status read_sentence_prompts(const Json& json, std::string_view source, Pooling& pooling);

}  // namespace spyre::checkpoint
