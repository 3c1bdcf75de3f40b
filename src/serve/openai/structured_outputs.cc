#include "serve/openai/structured_outputs.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "serve/openai/field_types.h"

namespace spyre::serve::openai {

namespace {

using text::GrammarKind;
using text::GrammarSpec;
using SpecResult = Result<std::optional<GrammarSpec>>;

constexpr std::string_view kAnyObject = R"({"type": "object"})";

// A member that is there and not null.
const Json* given(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::unexpected<Error> wanted(std::string_view field, std::string_view what, const Json& found) {
  return error(Code::kInvalidArgument, "{}: wanted {}, found {}", field, what, found_words(found));
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A schema as JSON, or as a text that holds it.
SpecResult json_spec(std::string_view field, const Json& schema) {
  GrammarSpec spec{.kind = GrammarKind::kJsonSchema};
  if (schema.is_string()) {
    spec.text = schema.get<std::string>();
  } else if (schema.is_object() || schema.is_boolean()) {
    spec.text = dump(schema);
  } else {
    return wanted(field, "a JSON schema: an object, or a string that holds it", schema);
  }
  return spec;
}

SpecResult text_spec(std::string_view field, GrammarKind kind, const Json& text) {
  if (!text.is_string()) return wanted(field, "a string", text);
  return GrammarSpec{.kind = kind, .text = text.get<std::string>()};
}

// One text is a choice without an alternative.
SpecResult choice_spec(std::string_view field, const Json& choices) {
  if (choices.is_string()) return choice_spec(field, Json::array({choices}));
  const bool texts = choices.is_array() &&
                     std::ranges::all_of(choices, [](auto& each) { return each.is_string(); });
  if (!texts) return wanted(field, "a list of strings", choices);
  return GrammarSpec{.kind = GrammarKind::kChoice, .text = dump(choices)};
}

// {"structures", "triggers"} as JSON, or as a text that holds it; other members are passed over.
SpecResult tags_spec(std::string_view field, const Json& value) {
  Json tags = value;
  if (value.is_string()) {
    SPYRE_TRY_ASSIGN(tags, parse_json(value.get_ref<const std::string&>(), field));
  }
  if (!tags.is_object() || given(tags, "structures") == nullptr) {
    return error(Code::kInvalidArgument,
                 "{}: structural tags: wanted an object with structures and triggers; other forms "
                 "are not supported",
                 field);
  }
  return GrammarSpec{.kind = GrammarKind::kTags, .text = dump(tags)};
}

SpecResult response_format_spec(const Json& format) {
  constexpr std::string_view kField = "response_format";
  constexpr std::string_view kTypes = "a type of text, json_object, json_schema or structural_tag";
  if (format.is_null()) return std::nullopt;
  const Json* const type = given(format, "type");
  if (type == nullptr) return wanted(kField, kTypes, nullptr);
  if (*type == "text") return std::nullopt;
  if (*type == "json_object") {
    return GrammarSpec{.kind = GrammarKind::kJsonSchema, .text = std::string(kAnyObject)};
  }
  if (*type == "structural_tag") return tags_spec(kField, format);
  if (*type != "json_schema") return wanted(kField, kTypes, *type);
  const Json* const holder = given(format, "json_schema");
  if (holder == nullptr || !holder->is_object()) {
    return wanted(kField, "json_schema with a name and a schema",
                  holder == nullptr ? Json(nullptr) : *holder);
  }
  const Json* const schema = given(*holder, "schema");
  if (schema == nullptr) return wanted(kField, "json_schema.schema", nullptr);
  return json_spec(kField, *schema);
}

// Options of structured_outputs that concern JSON.
Status read_options(std::string_view field, const Json& object, GrammarSpec& spec) {
  const std::pair<const char*, bool*> kFlags[] = {
      {"disable_any_whitespace", &spec.no_whitespace},
      {"disable_additional_properties", &spec.no_additional_properties}};
  for (const auto& [name, flag] : kFlags) {
    const Json* const value = given(object, name);
    if (value == nullptr) continue;
    if (!value->is_boolean()) {
      return wanted(fmt::format("{}: {}", field, name), "true or false", *value);
    }
    *flag = value->get<bool>();
  }
  if (const Json* const pattern = given(object, "whitespace_pattern")) {
    if (!pattern->is_string()) {
      return wanted(fmt::format("{}: whitespace_pattern", field), "a string", *pattern);
    }
    spec.whitespace_pattern = pattern->get<std::string>();
  }
  return {};
}

SpecResult structured_kind(std::string_view field, std::string_view kind, const Json& value) {
  const std::string place = fmt::format("{}: {}", field, kind);
  if (kind == "json") return json_spec(place, value);
  if (kind == "regex") return text_spec(place, GrammarKind::kRegex, value);
  if (kind == "choice") return choice_spec(place, value);
  if (kind == "grammar") return text_spec(place, GrammarKind::kGrammar, value);
  if (kind == "json_object") {
    if (value != true) return wanted(place, "true", value);
    return GrammarSpec{.kind = GrammarKind::kJsonSchema, .text = std::string(kAnyObject)};
  }
  return tags_spec(place, value);
}

SpecResult structured_outputs_spec(const Json& object) {
  constexpr std::string_view kField = "structured_outputs";
  if (object.is_null()) return std::nullopt;
  std::optional<GrammarSpec> spec;
  for (const char* kind : {"json", "regex", "choice", "grammar", "json_object", "structural_tag"}) {
    const Json* const value = given(object, kind);
    if (value == nullptr || (*value == false && std::string_view(kind) == "json_object")) continue;
    if (spec) {
      return error(Code::kInvalidArgument, "{}: wanted one kind, found {} beside another", kField,
                   kind);
    }
    SPYRE_TRY_ASSIGN(spec, structured_kind(kField, kind, *value));
  }
  if (!spec) {
    return error(Code::kInvalidArgument,
                 "{}: wanted one of json, regex, choice, grammar, json_object and structural_tag, "
                 "found none",
                 kField);
  }
  SPYRE_TRY(read_options(kField, object, *spec));
  return spec;
}

SpecResult guided_spec(const StructuredFields& fields) {
  if (!fields.guided_json.is_null()) {
    SPYRE_TRY_ASSIGN(auto spec, json_spec("guided_json", fields.guided_json));
    if (!fields.guided_whitespace_pattern.is_null()) {
      spec->whitespace_pattern = fields.guided_whitespace_pattern.get<std::string>();
    }
    return spec;
  }
  if (!fields.guided_regex.is_null()) {
    return text_spec("guided_regex", GrammarKind::kRegex, fields.guided_regex);
  }
  if (!fields.guided_choice.is_null()) return choice_spec("guided_choice", fields.guided_choice);
  return text_spec("guided_grammar", GrammarKind::kGrammar, fields.guided_grammar);
}

// The names of the fields that ask for something, a kind each.
std::vector<std::string_view> kinds_asked_for(const StructuredFields& fields) {
  std::vector<std::string_view> names;
  const auto add = [&](std::string_view name, const Json& value) {
    if (!value.is_null()) names.push_back(name);
  };
  const bool text = fields.response_format.is_object() &&
                    fields.response_format.value("type", Json(nullptr)) == "text";
  if (!text) add("response_format", fields.response_format);
  add("structured_outputs", fields.structured_outputs);
  add("guided_json", fields.guided_json);
  add("guided_regex", fields.guided_regex);
  add("guided_choice", fields.guided_choice);
  add("guided_grammar", fields.guided_grammar);
  return names;
}

}  // namespace

bool StructuredFields::guided() const {
  return !guided_json.is_null() || !guided_regex.is_null() || !guided_choice.is_null() ||
         !guided_grammar.is_null();
}

Result<StructuredOptions> structured_options(std::string_view json, std::string_view source) {
  SPYRE_TRY_ASSIGN(const Json object, parse_json(json, source));
  if (!object.is_object()) return wanted(source, "a JSON object", object);
  GrammarSpec spec;
  SPYRE_TRY(read_options(source, object, spec));
  return StructuredOptions{.no_whitespace = spec.no_whitespace,
                           .no_additional_properties = spec.no_additional_properties};
}

SpecResult grammar_spec(const StructuredFields& fields, const StructuredOptions& options) {
  const std::vector<std::string_view> kinds = kinds_asked_for(fields);
  if (kinds.empty()) return std::nullopt;
  if (kinds.size() > 1) {
    return error(Code::kInvalidArgument,
                 "{}: wanted one kind of structured output in a request, found {} too", kinds[0],
                 kinds[1]);
  }
  const std::string_view kind = kinds[0];
  SPYRE_TRY_ASSIGN(
      auto spec, kind == "response_format"      ? response_format_spec(fields.response_format)
                 : kind == "structured_outputs" ? structured_outputs_spec(fields.structured_outputs)
                                                : guided_spec(fields));
  spec->no_whitespace |= options.no_whitespace;
  spec->no_additional_properties |= options.no_additional_properties;
  return spec;
}

Result<std::shared_ptr<const text::Grammar>> compile_grammar(const StructuredFields& fields,
                                                             const StructuredOptions& options,
                                                             text::GrammarCompiler* compiler) {
  SPYRE_TRY_ASSIGN(const auto spec, grammar_spec(fields, options));
  if (!spec) return nullptr;
  const std::string_view field = kinds_asked_for(fields)[0];
  if (compiler == nullptr) {
    return error(Code::kInvalidArgument, "{}: structured outputs are not available here", field);
  }
  auto grammar = compiler->compile(*spec);
  if (grammar) return grammar;
  const Error& failure = grammar.error();
  const Code code = failure.code == Code::kInternal ? failure.code : Code::kInvalidArgument;
  return error(code, "{}: {}", field, failure.message);
}

}  // namespace spyre::serve::openai
