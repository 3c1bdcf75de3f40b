#include "serve/openai/chat_output.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "serve/openai/parsers/tool_schema.h"

namespace spyre::serve::openai {

namespace {

std::unexpected<ApiError> refuse(std::string_view field, std::string_view reason) {
  return bad_value(field, fmt::format("{}: {}", field, reason));
}

std::vector<std::string> names_of(const Json& tools) {
  std::vector<std::string> names;
  for (const Json& tool : tools) names.push_back(tool["function"]["name"].get<std::string>());
  return names;
}

// Whether calls are looked for: tools are there, and the choice is the model's.
bool reads_calls(const RequestFields& fields) {
  return fields.tools.is_array() && (fields.tool_choice.is_null() || fields.tool_choice == "auto");
}

std::vector<std::string_view> marks_of(const OutputTerms& terms) {
  std::vector<std::string_view> marks;
  const auto add = [&](std::string_view mark) {
    if (!mark.empty()) marks.push_back(mark);
  };
  if (terms.tools) {
    std::ranges::for_each(terms.tools->format->openers, add);
    add(terms.tools->format->closer);
    std::ranges::for_each(terms.tools->format->inner_marks, add);
  }
  if (terms.reasoning != nullptr) {
    std::ranges::for_each(terms.reasoning->openers, add);
    std::ranges::for_each(terms.reasoning->closers, add);
  }
  return marks;
}

bool is_special(int32_t id, const text::Tokenizer& tokenizer) {
  const auto text = tokenizer.decode(std::span(&id, 1), true);
  return text && text->empty();
}

// Of calls that the model is free to make.
ToolTerms tool_terms(const Service& service, const RequestFields& fields) {
  ToolTerms terms{.format = service.options.tool_format, .names = names_of(fields.tools)};
  if (!fields.sampling.params.skip_special_tokens) return terms;
  for (const std::string_view opener : terms.format->openers) {
    const auto id = service.tokenizer.token_id(opener);
    if (id && is_special(*id, service.tokenizer)) terms.hidden_marks.emplace_back(opener);
  }
  return terms;
}

}  // namespace

ApiStatus check_tools(const Service& service, const RequestFields& fields) {
  const Json& choice = fields.tool_choice;
  if (fields.tools.is_array() && fields.tools.empty()) {
    return refuse("tools", "wanted at least one, found an empty list");
  }
  if (choice == "none") return {};
  if (fields.tools.is_null()) {
    if (choice.is_null()) return {};
    return refuse("tool_choice", "wanted tools beside it, found none");
  }
  if (const auto name = named_function(choice)) {
    const auto names = names_of(fields.tools);
    if (std::ranges::find(names, *name) == names.end()) {
      return refuse("tool_choice", fmt::format("wanted one of the tools ({}), found {}",
                                               fmt::join(names, ", "), *name));
    }
  }
  if (reads_calls(fields) && service.options.tool_format == nullptr) {
    return refuse("tool_choice",
                  "wanted none: this server reads no tool calls (--tool-call-parser says how the "
                  "model writes them)");
  }
  return {};
}

ApiStatus force_calls(const Service& service, RequestFields& fields) {
  const Json schema =
      forced_calls_schema(fields.tools, fields.tool_choice, fields.parallel_tool_calls);
  if (schema.is_null()) return {};
  if (fields.sampling.grammar != nullptr) {
    return refuse("tool_choice", "wanted forced calls or structured outputs, found both");
  }
  if (fields.use_beam_search) return refuse("use_beam_search", "not available with forced calls");
  if (service.grammars == nullptr) {
    return refuse("tool_choice", "calls cannot be forced here; wanted none or auto");
  }
  auto grammar = service.grammars->compile(
      {.kind = text::GrammarKind::kJsonSchema,
       .text = schema.dump(-1, ' ', false, Json::error_handler_t::replace)});
  if (!grammar) return refuse("tools", grammar.error().message);
  fields.sampling.grammar = std::move(*grammar);
  return {};
}

std::optional<ChatOutput> chat_output(const Service& service, const RequestFields& fields,
                                      std::string_view prompt) {
  const ServiceOptions& options = service.options;
  ChatOutput output{.include_reasoning = fields.include_reasoning,
                    .reasoning_field = options.reasoning_field};
  output.terms.parallel_calls = fields.parallel_tool_calls;
  output.terms.forced_call = named_function(fields.tool_choice);
  const bool forced = output.terms.forced_call || fields.tool_choice == "required";
  // A forced call is all of the answer, from its first token on.
  if (options.reasoning_format != nullptr && !forced) {
    output.terms.reasoning = options.reasoning_format;
    output.terms.thinking = thinking_after(prompt, *options.reasoning_format);
  }
  if (fields.tool_choice == "required") {
    output.terms.tools =
        ToolTerms{.format = &forced_calls_format(), .names = names_of(fields.tools)};
  } else if (options.tool_format != nullptr && reads_calls(fields)) {
    output.terms.tools = tool_terms(service, fields);
  }
  if (options.tool_format != nullptr) output.call_ids = options.tool_format->ids;
  const OutputTerms& terms = output.terms;
  if (terms.reasoning == nullptr && !terms.tools && !terms.forced_call) return std::nullopt;
  return output;
}

std::vector<int32_t> mark_tokens(const OutputTerms& terms, const text::Tokenizer& tokenizer) {
  std::vector<int32_t> ids;
  for (const std::string_view mark : marks_of(terms)) {
    if (const auto id = tokenizer.token_id(mark)) ids.push_back(*id);
  }
  return ids;
}

}  // namespace spyre::serve::openai
