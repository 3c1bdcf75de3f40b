#include "cli/server_options.h"

#include <algorithm>
#include <ranges>

#include "base/log.h"
#include "cli/batching.h"
#include "serve/openai/parsers/detect.h"
#include "serve/openai/prompts.h"

namespace spyre::cli {

using config::Setting;
using std::chrono::seconds;

serve::http::ServerOptions server_options(const config::Settings& settings) {
  serve::http::ServerOptions options;
  if (settings.is_set(Setting::kHost)) options.host = settings.text(Setting::kHost);
  options.port = static_cast<uint16_t>(settings.integer(Setting::kPort));
  options.uds = settings.text(Setting::kUds);
  if (settings.is_set(Setting::kSslCertfile)) {
    options.tls = {.certificate_file = settings.text(Setting::kSslCertfile),
                   .key_file = settings.text(Setting::kSslKeyfile),
                   .client_ca_file = settings.text(Setting::kSslCaCerts),
                   .client_certificate = static_cast<int>(settings.integer(Setting::kSslCertReqs)),
                   .ciphers = settings.text(Setting::kSslCiphers)};
  }
  options.cors = {.origins = settings.texts(Setting::kAllowedOrigins),
                  .methods = settings.texts(Setting::kAllowedMethods),
                  .headers = settings.texts(Setting::kAllowedHeaders),
                  .credentials = settings.flag(Setting::kAllowCredentials)};
  options.api_keys = settings.texts(Setting::kApiKey);
  options.root_path = settings.text(Setting::kRootPath);
  options.request_id_headers = settings.flag(Setting::kEnableRequestIdHeaders);
  options.max_header_bytes = settings.integer(Setting::kMaxEventSize);
  options.max_header_count = settings.integer(Setting::kMaxHeaderCount);
  options.keep_alive = seconds(settings.integer(Setting::kHttpTimeoutKeepAlive));
  options.stream_comment = seconds(settings.integer(Setting::kSseKeepAliveInterval));
  options.error_response = serve::openai::error_response;
  return options;
}

serve::http::AccessLogOptions access_log_options(const config::Settings& settings) {
  const std::string level = settings.text(Setting::kUvicornLogLevel);
  const bool wanted = level == "trace" || level == "debug" || level == "info";
  serve::http::AccessLogOptions options{
      .enabled = wanted && !settings.flag(Setting::kDisableUvicornAccessLog)};
  const std::string paths = settings.text(Setting::kDisableAccessLogForEndpoints);
  for (const auto path : std::views::split(paths, ',')) {
    options.hidden_paths.emplace_back(std::string_view(path));
  }
  return options;
}

void apply_key_scope(const config::Settings& settings, std::vector<serve::http::Route>& routes) {
  if (settings.text(Setting::kApiKeyScope) != "vllm") return;
  constexpr std::string_view kGuarded[] = {"/v1", "/v2", "/inference", "/cohere"};
  for (serve::http::Route& route : routes) {
    route.open = std::ranges::none_of(
        kGuarded, [&](std::string_view prefix) { return route.path.starts_with(prefix); });
  }
}

namespace {

serve::openai::ContentFormat content_format(
    const config::Settings& settings, const std::optional<text::ChatTemplate>& chat_template) {
  using serve::openai::ContentFormat;
  const std::string wanted = settings.text(Setting::kChatTemplateContentFormat);
  if (wanted == "auto" && chat_template) return serve::openai::content_format_of(*chat_template);
  return wanted == "openai" ? ContentFormat::kParts : ContentFormat::kText;
}

// The parser that a setting names, or that `detect` sees in the template; null: none.
template <typename Format>
const Format* parser_of(const config::Settings& settings, Setting setting,
                        const std::optional<text::ChatTemplate>& chat_template,
                        const Format* (*find)(std::string_view),
                        const Format* (*detect)(const text::ChatTemplate&)) {
  const std::string wanted = settings.text(setting);
  if (wanted != "auto") return find(wanted);
  const Format* found = chat_template ? detect(*chat_template) : nullptr;
  if (found != nullptr) {
    log::info("{} {}: seen from the chat template", config::name(setting), found->name);
  }
  return found;
}

// --no-enable-auto-tool-choice leaves calls in the text; without that flag they are read wherever
// it is known how.
Result<const serve::openai::ToolFormat*> tool_format(
    const config::Settings& settings, const std::optional<text::ChatTemplate>& chat_template) {
  const bool given = settings.is_set(Setting::kEnableAutoToolChoice);
  const bool wanted = settings.flag(Setting::kEnableAutoToolChoice);
  if (given && !wanted) return nullptr;
  const auto* format =
      parser_of(settings, Setting::kToolCallParser, chat_template, serve::openai::find_tool_format,
                serve::openai::detect_tool_format);
  if (format == nullptr && wanted) {
    return error(
        Code::kInvalidArgument,
        "--enable-auto-tool-choice: wanted --tool-call-parser beside it: the chat template "
        "shows no way of calling tools that is known here");
  }
  return format;
}

serve::openai::ReasoningField reasoning_field(const config::Settings& settings) {
  using serve::openai::ReasoningField;
  const std::string wanted = settings.text(Setting::kReasoningField);
  if (wanted == "reasoning") return ReasoningField::kReasoning;
  return wanted == "both" ? ReasoningField::kBoth : ReasoningField::kReasoningContent;
}

}  // namespace

Result<serve::openai::ServiceOptions> service_options(
    const config::Settings& settings, const std::optional<text::ChatTemplate>& chat_template) {
  serve::openai::ServiceOptions options{
      .skip_model_name_validation = settings.flag(Setting::kSkipModelNameValidation),
      .return_tokens_as_token_ids = settings.flag(Setting::kReturnTokensAsTokenIds),
      .enable_prompt_tokens_details = settings.flag(Setting::kEnablePromptTokensDetails),
      .force_include_usage = settings.flag(Setting::kEnableForceIncludeUsage),
      .per_request_metrics = settings.flag(Setting::kEnablePerRequestMetrics),
      .trust_request_chat_template = settings.flag(Setting::kTrustRequestChatTemplate),
      .log_requests = settings.flag(Setting::kEnableLogRequests),
      .log_outputs = settings.flag(Setting::kEnableLogOutputs),
      .by_priority = batching(settings) == Batching::kMixed &&
                     settings.text(Setting::kSchedulingPolicy) == "priority",
      .stream_interval = settings.integer(Setting::kStreamInterval),
      .max_completion_prompts = settings.integer(Setting::kMaxCompletionPrompts),
      .response_role = settings.text(Setting::kResponseRole)};
  if (settings.is_set(Setting::kMaxLogLen)) {
    options.max_log_len = settings.integer(Setting::kMaxLogLen);
  }
  if (settings.is_set(Setting::kDefaultChatTemplateKwargs)) {
    SPYRE_TRY_ASSIGN(options.default_template_kwargs,
                     parse_json(settings.text(Setting::kDefaultChatTemplateKwargs),
                                config::name(Setting::kDefaultChatTemplateKwargs)));
  }
  if (settings.is_set(Setting::kStructuredOutputsConfig)) {
    SPYRE_TRY_ASSIGN(
        options.structured_outputs,
        serve::openai::structured_options(settings.text(Setting::kStructuredOutputsConfig),
                                          config::name(Setting::kStructuredOutputsConfig)));
  }
  options.content_format = content_format(settings, chat_template);
  SPYRE_TRY_ASSIGN(options.tool_format, tool_format(settings, chat_template));
  options.reasoning_format =
      parser_of(settings, Setting::kReasoningParser, chat_template,
                serve::openai::find_reasoning_format, serve::openai::detect_reasoning_format);
  options.reasoning_field = reasoning_field(settings);
  return options;
}

}  // namespace spyre::cli
