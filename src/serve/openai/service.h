// What the handlers of the API work with once the model is ready. Filled by whoever starts the
// server; everything is borrowed and outlives the last request.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/async_engine.h"
#include "sample/params.h"
#include "serve/openai/parsers/reasoning.h"
#include "serve/openai/parsers/tool_formats.h"
#include "serve/openai/pooling_model.h"
#include "serve/openai/request_fields.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace spyre::serve::openai {

// How the content of chat messages reaches the template.
enum class ContentFormat {
  kText,   // parts are joined by line ends
  kParts,  // a list of parts, for templates that walk over them
};

// Under which name thoughts stand in answers: vLLM's, that of vLLM before it, or either.
enum class ReasoningField { kBoth, kReasoning, kReasoningContent };

struct ServiceOptions {
  bool skip_model_name_validation = false;              // VLLM_SKIP_MODEL_NAME_VALIDATION
  bool return_tokens_as_token_ids = false;              // --return-tokens-as-token-ids
  bool enable_prompt_tokens_details = false;            // --enable-prompt-tokens-details
  bool force_include_usage = false;                     // --enable-force-include-usage
  bool per_request_metrics = false;                     // --enable-per-request-metrics
  bool trust_request_chat_template = false;             // --trust-request-chat-template
  bool log_requests = false;                            // --enable-log-requests
  bool log_outputs = false;                             // --enable-log-outputs
  std::optional<int64_t> max_log_len = {};              // --max-log-len, characters
  bool by_priority = false;                             // --scheduling-policy priority
  int64_t stream_interval = 1;                          // --stream-interval, tokens a chunk
  int64_t max_completion_prompts = 1024;                // VLLM_MAX_COMPLETION_PROMPTS
  std::string response_role = "assistant";              // --response-role
  Json default_template_kwargs = Json::object();        // --default-chat-template-kwargs
  ContentFormat content_format = ContentFormat::kText;  // --chat-template-content-format
  StructuredOptions structured_outputs = {};            // --structured-outputs-config

  // How answers are taken apart.
  const ToolFormat* tool_format = nullptr;                 // --tool-call-parser; null: none
  const ReasoningFormat* reasoning_format = nullptr;       // --reasoning-parser; null: none
  ReasoningField reasoning_field = ReasoningField::kBoth;  // --reasoning-field
};

struct Service {
  std::vector<std::string> model_names;  // served names, at least one
  std::string model_root;                // what was loaded, as it was named
  const text::Tokenizer& tokenizer;
  const std::optional<text::ChatTemplate>& chat_template;
  engine::AsyncEngine& engine;
  SamplingRequest default_sampling;  // of generation_config.json; its max_tokens caps every answer
  sample::SamplingLimits limits;     // vocabulary, --max-logprobs, VLLM_MAX_STOP_STRINGS
  int64_t max_model_len = 0;         // tokens
  int64_t created_s = 0;             // of the model cards, Unix time
  std::string fingerprint;           // system_fingerprint; empty: null
  Json tokenizer_info = nullptr;     // what GET /tokenizer_info answers
  ServiceOptions options = {};
  text::GrammarCompiler* grammars = nullptr;   // null: no structured outputs
  std::optional<PoolingModel> pooling = {};    // none: the model generates text
  std::function<int64_t()> unix_seconds = {};  // `created` of answers; the machine's clock if empty
};

}  // namespace spyre::serve::openai
