#include "checkpoint/gguf_encoder.h"

#include <algorithm>

#include "checkpoint/config_check.h"
#include "checkpoint/pooler_config.h"

namespace spyre::checkpoint {

namespace {

// llama.cpp's numbers.
enum GgufPooling : int64_t { kNone = 0, kMean = 1, kFirst = 2, kLast = 3, kRank = 4 };

PoolingType type_of(int64_t pooling) {
  if (pooling == kMean) return PoolingType::kMean;
  return pooling == kLast ? PoolingType::kLast : PoolingType::kCls;
}

class EncoderReader {
 public:
  EncoderReader(const Json& metadata, const GgufTensors& tensors, std::string_view source)
      : r_(metadata, source), tensors_(tensors), source_(source) {}

  Result<ModelConfig> read() {
    ModelConfig c;
    c.architecture = "BertModel";
    read_sizes(c);
    read_tables(c);
    c.norm_eps = r_.real("bert.attention.layer_norm_epsilon", 1e-12f);
    c.activation = ActivationFunction::kGelu;
    c.attention_bias = c.attention_output_bias = c.mlp_bias = true;
    c.layer_windows.assign(static_cast<size_t>(c.num_layers), 0);
    if (r_.boolean("bert.attention.causal", false)) {
      r_.fail_with({Code::kUnsupported,
                    fmt::format("{}: 'bert.attention.causal' is true: wanted an encoder that sees "
                                "the whole text",
                                source_)});
    }
    read_pooling(c);
    SPYRE_TRY(r_.status());
    SPYRE_TRY(check_config(c, source_));
    return c;
  }

 private:
  // Rows of a matrix of `columns`; 0 when there is none and none is needed.
  int64_t rows_of(std::string_view name, int64_t columns, bool needed) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end() && !needed) return 0;
    const bool sound = found != tensors_.end() && found->second.shape.size() == 2 &&
                       found->second.shape[0] >= 1 && found->second.shape[0] <= kMaxVocabulary &&
                       found->second.shape[1] == columns;
    if (sound) return found->second.shape[0];
    r_.fail_with({Code::kDataLoss,
                  fmt::format("{}: tensor '{}': wanted [rows, {}], found {}", source_, name,
                              columns, found == tensors_.end() ? "none" : "another shape")});
    return 1;
  }

  bool has(std::string_view name) const { return tensors_.contains(name); }

  void read_sizes(ModelConfig& c) {
    c.hidden_size = r_.required_integer("bert.embedding_length", 1, kMaxWidth);
    c.intermediate_size = r_.required_integer("bert.feed_forward_length", 1, kMaxWidth);
    c.num_layers = r_.required_integer("bert.block_count", 1, kMaxLayers);
    c.num_heads = r_.required_integer("bert.attention.head_count", 1, kMaxWidth);
    c.num_kv_heads = c.num_heads;
    c.head_dim = c.hidden_size / c.num_heads;
    if (c.hidden_size % c.num_heads != 0) {
      r_.fail("bert.attention.head_count", fmt::format("a divisor of {}", c.hidden_size));
    }
  }

  // The tables say how many tokens, positions and types there are.
  void read_tables(ModelConfig& c) {
    c.vocab_size = rows_of("token_embd.weight", c.hidden_size, true);
    c.max_positions = rows_of("position_embd.weight", c.hidden_size, true);
    c.num_token_types = rows_of("token_types.weight", c.hidden_size, false);
    const auto words = tensors_.find("token_embd.weight");
    const bool floats = words != tensors_.end() && is_float(words->second.format);
    c.dtype = floats ? words->second.format : Format::kF16;
    const int64_t pad = r_.integer("tokenizer.ggml.padding_token_id", -1, -1, UINT32_MAX);
    if (pad >= 0 && pad < c.vocab_size) c.pad_token_id = static_cast<int32_t>(pad);
  }

  void read_pooling(ModelConfig& c) {
    const int64_t pooling = r_.integer("bert.pooling_type", kNone, kNone, kRank);
    c.pooling.emplace();
    c.pooling->type = type_of(pooling);
    const int64_t context = r_.integer("bert.context_length", c.max_positions, 1, kMaxPositions);
    c.pooling->max_tokens = std::min(context, c.max_positions);
    if (pooling == kRank) {
      read_head(c, *c.pooling);
    } else {
      c.pooling->normalize = true;
    }
  }

  // RoBERTa's head is whole; of BERT's the converter leaves only the last layer.
  void read_head(const ModelConfig& c, Pooling& pooling) {
    pooling.task = PoolingTask::kClassify;
    if (has("cls.weight")) {
      pooling.layers.push_back({.name = "classifier.dense",
                                .inputs = c.hidden_size,
                                .outputs = rows_of("cls.weight", c.hidden_size, true),
                                .bias = has("cls.bias"),
                                .activation = HeadActivation::kTanh});
    }
    const int64_t inputs = pooling.columns(c.hidden_size);
    pooling.layers.push_back({.name = "classifier.out_proj",
                              .inputs = inputs,
                              .outputs = rows_of("cls.output.weight", inputs, true),
                              .bias = has("cls.output.bias")});
    pooling.labels = r_.texts("bert.classifier.output_labels");
    const auto count = static_cast<size_t>(pooling.layers.back().outputs);
    if (pooling.labels.empty()) {
      for (size_t i = 0; i < count; ++i) pooling.labels.push_back(fmt::format("LABEL_{}", i));
    }
    if (pooling.labels.size() != count) {
      r_.fail("bert.classifier.output_labels", fmt::format("{} labels", count));
    }
  }

  JsonReader r_;
  const GgufTensors& tensors_;
  const std::string_view source_;
};

}  // namespace

Result<ModelConfig> read_gguf_encoder(const Json& metadata, const GgufTensors& tensors,
                                      std::string_view source) {
  return EncoderReader(metadata, tensors, source).read();
}

std::optional<Pooling> read_gguf_decoder_pooling(JsonReader& r, std::string_view architecture,
                                                 std::string_view source,
                                                 const ModelConfig& config) {
  const std::string key = fmt::format("{}.pooling_type", architecture);
  const int64_t pooling = r.integer(key, kNone, kNone, kRank);
  if (pooling == kNone) return std::nullopt;
  if (pooling == kRank) {
    r.fail_with(
        {Code::kUnsupported,
         fmt::format("{}: '{}' is 4: rerankers made of decoders are not supported", source, key)});
  }
  Pooling result = pooling_of_decoder(config);
  result.type = type_of(pooling);
  return result;
}

}  // namespace spyre::checkpoint
