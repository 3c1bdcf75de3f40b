// `spyre embed`: a vector for each text, in the order of the texts; the bits that a server with the
// same settings answers with.
#include "cli/commands.h"
#include "cli/npy.h"
#include "cli/pool_texts.h"
#include "cli/pooling_service.h"
#include "serve/openai/json_writer.h"
#include "serve/openai/pooled_form.h"

namespace spyre::cli {

namespace {

using config::Setting;
using serve::openai::JsonWriter;
using serve::openai::PoolingModel;

struct Text {
  Json id;  // null: none
  std::string text;
};

// "text" or {"text": "text", "id": anything}
Result<Text> text_of(const InputLine& line) {
  const Json& json = line.json;
  if (json.is_string()) return Text{.id = nullptr, .text = json.get<std::string>()};
  const auto text = json.is_object() ? json.find("text") : json.end();
  if (!json.is_object() || text == json.end() || !text->is_string()) {
    return error(Code::kInvalidArgument,
                 "line {}: wanted a string, or an object with a string as text", line.number);
  }
  return Text{.id = json.contains("id") ? json["id"] : Json(nullptr),
              .text = text->get<std::string>()};
}

Result<std::vector<Text>> given_texts(const config::Settings& settings) {
  std::vector<Text> texts;
  if (settings.is_set(Setting::kInput) == settings.is_set(Setting::kText)) {
    return error(Code::kInvalidArgument,
                 "wanted texts: either --input texts.jsonl or --text T, found {}",
                 settings.is_set(Setting::kText) ? "both" : "neither");
  }
  for (const std::string& each : settings.texts(Setting::kText)) {
    texts.push_back({.id = nullptr, .text = each});
  }
  if (!settings.is_set(Setting::kInput)) return texts;
  SPYRE_TRY_ASSIGN(const auto lines, input_lines(settings));
  for (const InputLine& line : lines) {
    SPYRE_TRY_ASSIGN(texts.emplace_back(), text_of(line));
  }
  return texts;
}

Result<serve::openai::VectorForm> form_of(const config::Settings& settings,
                                          const PoolingModel& model) {
  if (model.task != serve::openai::PoolingTask::kEmbed) {
    return error(Code::kInvalidArgument,
                 "{}: classifies texts; wanted an embedding model. spyre score scores pairs of "
                 "texts, and spyre serve answers /classify",
                 settings.text(Setting::kModel));
  }
  serve::openai::RequestFields fields;
  if (settings.is_set(Setting::kDimensions)) {
    fields.dimensions = settings.integer(Setting::kDimensions);
  }
  fields.use_activation = wants_activation(settings);
  const auto form = serve::openai::vector_form(model, fields);
  if (!form) return as_error(form.error());
  return *form;
}

Result<std::vector<serve::openai::PoolingPrompt>> prompts_of(const config::Settings& settings,
                                                             const serve::openai::InputRules& rules,
                                                             const PoolingModel& model,
                                                             const std::vector<Text>& texts) {
  std::optional<std::string> name;
  if (settings.is_set(Setting::kPromptName)) name = settings.text(Setting::kPromptName);
  const auto prefix = serve::openai::named_prompt(model, name);
  if (!prefix) return as_error(prefix.error());
  std::vector<serve::openai::PoolingPrompt> prompts;
  for (size_t i = 0; i < texts.size(); ++i) {
    auto prompt = serve::openai::text_prompt(rules, *prefix + texts[i].text, "text", i);
    if (!prompt) return as_error(prompt.error());
    prompts.push_back(std::move(*prompt));
  }
  return prompts;
}

std::string as_lines(const std::vector<Text>& texts,
                     const std::vector<std::vector<float>>& vectors) {
  std::string lines;
  for (size_t i = 0; i < vectors.size(); ++i) {
    JsonWriter writer(lines);
    writer.open_object();
    writer.field("index", i);
    if (!texts[i].id.is_null()) {
      writer.key("id");
      writer.raw(texts[i].id.dump());
    }
    writer.key("embedding");
    writer.open_array();
    for (const float value : vectors[i]) writer.single(value);
    writer.close_array();
    writer.close_object();
    lines += '\n';
  }
  return lines;
}

Result<int> embed(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const std::vector<Text> texts, given_texts(settings));
  SPYRE_TRY_ASSIGN(OfflinePooling pooling, load_pooling(settings));
  SPYRE_TRY_ASSIGN(const auto model, pooling_model(settings, *pooling.model->checkpoint));
  SPYRE_TRY_ASSIGN(const auto form, form_of(settings, *model));
  SPYRE_TRY_ASSIGN(const auto rules, input_rules(settings, pooling, *model));
  SPYRE_TRY_ASSIGN(auto prompts, prompts_of(settings, rules, *model, texts));
  SPYRE_TRY_ASSIGN(const auto pooled, pool_all(pooling, std::move(prompts), model->columns));
  const auto vectors = serve::openai::embed_all(pooled, form);
  const bool npy = settings.text(Setting::kFormat) == "npy";
  SPYRE_TRY(
      write_result(settings, npy ? npy_array(vectors, form.dimensions) : as_lines(texts, vectors)));
  return 0;
}

}  // namespace

int run_embed(const config::Settings& settings) {
  const Result<int> status = embed(settings);
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
