// `spyre score`: how well the texts of each pair go together, in the order of the pairs; the bits
// that a server with the same settings answers with.
#include "cli/commands.h"
#include "cli/pool_texts.h"
#include "cli/pooling_service.h"
#include "serve/openai/json_writer.h"
#include "serve/openai/scoring.h"

namespace spyre::cli {

namespace {

using config::Setting;
using serve::openai::JsonWriter;
using serve::openai::PoolingModel;
using serve::openai::ScoredTexts;

struct Pairs {
  std::vector<Json> ids;  // null: none
  ScoredTexts texts = {.first_field = "query", .second_field = "document"};
};

// {"query", "document"} or {"text_1", "text_2"}, with or without an "id".
Status add_pair(const InputLine& line, Pairs& pairs) {
  const Json& json = line.json;
  const auto has = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string();
  };
  if (json.is_object()) {
    for (const auto& [first, second] :
         {std::pair("query", "document"), std::pair("text_1", "text_2")}) {
      if (!has(first) || !has(second)) continue;
      pairs.texts.firsts.push_back(json[first].get<std::string>());
      pairs.texts.seconds.push_back(json[second].get<std::string>());
      pairs.ids.push_back(json.contains("id") ? json["id"] : Json(nullptr));
      return {};
    }
  }
  return error(Code::kInvalidArgument,
               "line {}: wanted an object with strings as query and document, or as text_1 and "
               "text_2",
               line.number);
}

Result<Pairs> given_pairs(const config::Settings& settings) {
  if (!settings.is_set(Setting::kInput)) {
    return error(Code::kInvalidArgument, "wanted pairs of texts: --input pairs.jsonl");
  }
  SPYRE_TRY_ASSIGN(const auto lines, input_lines(settings));
  Pairs pairs;
  for (const InputLine& line : lines) SPYRE_TRY(add_pair(line, pairs));
  return pairs;
}

Status check_scores(const config::Settings& settings, const PoolingModel& model) {
  const bool embeds = model.task == serve::openai::PoolingTask::kEmbed;
  if (embeds || model.columns == 1) return {};
  return error(Code::kInvalidArgument,
               "{}: a classifier of {} labels; wanted an embedding model, or a scorer, which has "
               "one label",
               settings.text(Setting::kModel), model.columns);
}

std::string as_lines(const Pairs& pairs, const std::vector<float>& scores) {
  std::string lines;
  for (size_t i = 0; i < scores.size(); ++i) {
    JsonWriter writer(lines);
    writer.open_object();
    writer.field("index", i);
    if (!pairs.ids[i].is_null()) {
      writer.key("id");
      writer.raw(pairs.ids[i].dump());
    }
    writer.key("score");
    writer.single(scores[i]);
    writer.close_object();
    lines += '\n';
  }
  return lines;
}

Result<int> score(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const Pairs pairs, given_pairs(settings));
  SPYRE_TRY_ASSIGN(OfflinePooling pooling, load_pooling(settings));
  SPYRE_TRY_ASSIGN(const auto model, pooling_model(settings, *pooling.model->checkpoint));
  SPYRE_TRY(check_scores(settings, *model));
  SPYRE_TRY_ASSIGN(const auto rules, input_rules(settings, pooling, *model));
  const bool activate = wants_activation(settings).value_or(model->activate);
  auto scoring = serve::openai::Scoring::create(rules, *model, activate, pairs.texts);
  if (!scoring) return as_error(scoring.error());
  SPYRE_TRY_ASSIGN(const auto pooled, pool_all(pooling, scoring->take_prompts(), model->columns));
  SPYRE_TRY(write_result(settings, as_lines(pairs, scoring->scores(pooled))));
  return 0;
}

}  // namespace

int run_score(const config::Settings& settings) {
  const Result<int> status = score(settings);
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
