// `spyre tokenize` and `spyre detokenize`: JSON lines in, JSON lines out, one answer a line in the
// same order; a bad line gets an answer with "error" and the rest go on.
#include <iostream>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/locate_model.h"
#include "cli/prompts.h"
#include "cli/result_json.h"
#include "cli/text_model.h"

namespace spyre::cli {

namespace {

Result<bool> optional_bool(const Json& request, std::string_view field, bool otherwise) {
  const auto found = request.find(field);
  if (found == request.end() || found->is_null()) return otherwise;
  if (found->is_boolean()) return found->get<bool>();
  return error(Code::kInvalidArgument, "{}: wanted true or false, found {}", field, found->dump());
}

// "text" or {"prompt": "text" | "messages": [...], "add_special_tokens": true}
Result<Json> tokenize_line(const TextModel& model, const Json& line) {
  std::vector<int32_t> ids;
  if (line.is_string()) {
    SPYRE_TRY_ASSIGN(ids, model.tokenizer.encode(line.get<std::string>(), true));
  } else if (line.is_object() && line.contains("prompt") && line["prompt"].is_string()) {
    SPYRE_TRY_ASSIGN(const bool special, optional_bool(line, "add_special_tokens", true));
    SPYRE_TRY_ASSIGN(ids, model.tokenizer.encode(line["prompt"].get<std::string>(), special));
  } else if (line.is_object()) {
    SPYRE_TRY_ASSIGN(ids, request_prompt(model.tokenizer, model.chat_template, line));
  } else {
    return error(Code::kInvalidArgument,
                 "wanted a string or an object with prompt or messages, found {}",
                 line.type_name());
  }
  return Json{{"count", ids.size()}, {"tokens", ids}};
}

// [ids] or {"tokens": [ids], "skip_special_tokens": false}
Result<Json> detokenize_line(const TextModel& model, const Json& line) {
  if (line.is_object() && !line.contains("tokens")) {
    return error(Code::kInvalidArgument, "wanted a list of token ids in tokens, found none");
  }
  const Json& tokens = line.is_object() ? line["tokens"] : line;
  SPYRE_TRY_ASSIGN(const std::vector<int32_t> ids, token_id_list(tokens, "tokens"));
  bool skip = false;
  if (line.is_object()) {
    SPYRE_TRY_ASSIGN(skip, optional_bool(line, "skip_special_tokens", false));
  }
  SPYRE_TRY_ASSIGN(const std::string text, model.tokenizer.decode(ids, skip));
  return Json{{"prompt", text}};
}

using Answer = Result<Json> (*)(const TextModel&, const Json&);

Result<int> answer_lines(const config::Settings& settings, Answer answer) {
  SPYRE_TRY_ASSIGN(auto path, locate_tokenizer(settings));
  if (!path) {
    SPYRE_TRY_ASSIGN(path, locate_model(settings));
  }
  SPYRE_TRY_ASSIGN(const TextModel model, TextModel::load(*path));
  int64_t number = 0;
  int64_t failures = 0;
  for (std::string text; !interrupted() && std::getline(std::cin, text);) {
    ++number;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Result<Json> line = parse_json(text, fmt::format("line {}", number));
    const Result<Json> answered = line ? answer(model, *line) : line;
    if (!answered) ++failures;
    const Json out = answered ? *answered : error_json(nullptr, answered.error());
    fmt::print("{}\n", out.dump(-1, ' ', false, Json::error_handler_t::replace));
    std::fflush(stdout);
  }
  if (interrupted()) return kInterruptedExit;
  if (failures == 0) return 0;
  return error(Code::kInvalidArgument, "{} lines failed; see their \"error\"", failures);
}

int run(const config::Settings& settings, Answer answer) {
  const Result<int> status = answer_lines(settings, answer);
  return status ? *status : fail(status.error());
}

}  // namespace

int run_tokenize(const config::Settings& settings) { return run(settings, tokenize_line); }
int run_detokenize(const config::Settings& settings) { return run(settings, detokenize_line); }

}  // namespace spyre::cli
