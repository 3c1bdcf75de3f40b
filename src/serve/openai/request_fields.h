// What a request may ask for, under the names of the OpenAI API and of vLLM, as one table. A row
// says how a field is called, of which JSON type it is, its range, default and meaning, and which
// requests take it; from the rows come the parser, its messages and the schemas of /openapi.json.
// `spyre generate` reads its flags and its lines of JSON by the same rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "engine/request.h"
#include "serve/openai/api_error.h"
#include "serve/openai/structured_outputs.h"
#include "text/tokenizer.h"

namespace spyre::serve::openai {

// What is handed to sampling.
struct SamplingRequest {
  sample::SamplingParams params;
  std::optional<int64_t> max_tokens;  // none: as much as there is room for
  int32_t beam_width = 0;             // 0: sampling
  float length_penalty = 1.0f;
  StructuredFields structured;
  std::shared_ptr<const text::Grammar> grammar;  // what `structured` asks for, once compiled
};

// A request without its prompt. Json fields are null where nothing was given.
struct RequestFields {
  SamplingRequest sampling;
  std::string model;
  std::string request_id;
  bool stream = false;
  Json stream_options;
  bool echo = false;
  bool return_token_ids = false;
  std::optional<bool> return_tokens_as_token_ids;
  std::optional<bool> add_special_tokens;
  std::optional<int64_t> truncate_prompt_tokens;
  std::string truncation_side;  // "left" where nothing was given
  int64_t priority = 0;
  std::optional<std::string> cache_salt;
  bool use_beam_search = false;
  std::optional<int64_t> best_of;
  // Chat.
  std::optional<int64_t> max_completion_tokens;
  bool chat_logprobs = false;
  int32_t top_logprobs = 0;
  Json tools;
  Json tool_choice;
  bool parallel_tool_calls = true;
  bool include_reasoning = true;
  Json documents;
  Json chat_template_kwargs;
  std::optional<std::string> chat_template;
  std::string reasoning_effort;
  std::optional<bool> add_generation_prompt;
  bool continue_final_message = false;
  bool return_prompt_text = false;
  // Tokenizing.
  bool return_token_strs = false;
  std::vector<int32_t> tokens;
  // Pooling.
  std::string encoding_format;  // "float" where nothing was given
  std::string embed_dtype;      // "float32" where nothing was given
  std::string endianness;       // "native" where nothing was given
  std::optional<int64_t> dimensions;
  std::optional<bool> use_activation;
  std::string task;
  std::optional<std::string> prompt_name;
  int64_t top_n = 0;  // 0: all
  bool return_documents = true;
};

// Who takes a field: bits.
enum Taker : uint32_t {
  kCompletion = 1,
  kChat = 2,
  kOffline = 4,  // `spyre generate`
  kTokenizeText = 8,
  kTokenizeChat = 16,
  kDetokenize = 32,
  kEmbed = 64,
  kPool = 128,
  kClassify = 256,
  kPoolChat = 512,  // the three above, of a conversation
  kScore = 1024,
  kRerank = 2048,
};

enum class Kind {
  kAny,  // accepted and not looked at
  kBoolean,
  kInteger,
  kNumber,
  kText,
  kWord,  // one of Field::words
  kTextOrTexts,
  kTokenIds,
  kObject,
  kObjects,
  kBiases,         // {"token id": number}
  kPrompt,         // text, texts, token ids, lists of token ids
  kDocuments,      // texts, or objects with a text
  kMessages,       // of a chat
  kTools,          // of a chat
  kToolChoice,     // a word, or a function's name
  kStreamOptions,  // {"include_usage", "continuous_usage_stats"}
  kJsonSchema,     // a schema, or a text that holds one
  kResponseFormat,
  kStructuredOutputs,
};

struct Range {
  double low;
  double high;
  bool above = false;  // low itself is outside
};
inline constexpr Range kNoRange = {-1.7976931348623157e308, 1.7976931348623157e308};

// A checked value on its way into the request; the tokenizer turns words into ids.
struct FieldValue {
  std::string_view name;
  const Json& json;
  const text::Tokenizer& tokenizer;
};
using Setter = Status (*)(const FieldValue& value, RequestFields& request);

struct Field {
  std::string_view name;
  uint32_t takers;
  Kind kind;
  std::string_view fallback;     // the default, as JSON; empty: null
  Range range;                   // of numbers
  std::string_view words;        // of kWord: "left|right"
  Setter set;                    // none: read by whoever needs it, or by nobody
  std::string_view explanation;  // a line for readers
  bool required = false;
};

// Every field; a name may have one row per taker.
std::span<const Field> request_field_table();

// Reads every field that `taker` takes, over the given defaults. Null counts as absent, unknown
// fields are passed over. Errors: bad_type for all wrong types at once (10 are listed), bad_value
// for the first value that is out of range.
ApiResult<RequestFields> parse_request_fields(const Json& body, Taker taker,
                                              const text::Tokenizer& tokenizer,
                                              const SamplingRequest& defaults);

// Sets one sampling field of `spyre generate`; null leaves it alone. kInvalidArgument names the
// field, what was wanted and found; kNotFound: there is no such field.
Status set_sampling_field(std::string_view name, const Json& value,
                          const text::Tokenizer& tokenizer, SamplingRequest& request);

// Joins prompt and sampling into what the engine takes; beams replace sampling where a width is
// given. params.max_tokens is max_tokens, which may not be empty.
engine::Request make_engine_request(std::vector<int32_t> prompt, const SamplingRequest& sampling,
                                    int64_t max_tokens);

}  // namespace spyre::serve::openai
