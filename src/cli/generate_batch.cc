// Requests of a JSON-lines file, run together. A bad line or a failed request gets an answer with
// "error"; the others go on.
#include <fstream>
#include <iostream>
#include <sstream>

#include "cli/generate.h"
#include "cli/interrupt.h"
#include "cli/loaded_model.h"
#include "cli/offline_generator.h"
#include "cli/prompts.h"
#include "cli/read_file.h"
#include "cli/result_json.h"
#include "cli/sampling_flags.h"

namespace spyre::cli {

namespace {

using config::Setting;

// Results in the order of the requests, each written as soon as all before it are.
class OrderedWriter {
 public:
  explicit OrderedWriter(std::ostream& out) : out_(out) {}

  void add(size_t index, Json result) {
    if (result.contains("error")) ++failures_;
    if (index >= done_.size()) done_.resize(index + 1);
    done_[index] = std::move(result);
    while (next_ < done_.size() && !done_[next_].is_null()) {
      out_ << done_[next_].dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
      done_[next_] = Json();
      ++next_;
    }
    out_.flush();
  }
  int64_t failures() const { return failures_; }

 private:
  std::ostream& out_;
  std::vector<Json> done_;
  size_t next_ = 0;
  int64_t failures_ = 0;
};

struct InputLine {
  Json id;
  std::vector<int32_t> prompt;
};

class BatchListener final : public engine::Listener {
 public:
  BatchListener(const std::vector<InputLine>& lines, double load_seconds, OrderedWriter& writer)
      : lines_(lines), load_seconds_(load_seconds), writer_(writer) {}

  void on_delta(engine::RequestId, const engine::Delta&) override {}
  void on_finished(engine::RequestId id, engine::RequestOutput output) override {
    const InputLine& line = lines_[id];
    writer_.add(id, result_json(line.id, line.prompt, output, load_seconds_));
  }

 private:
  const std::vector<InputLine>& lines_;
  const double load_seconds_;
  OrderedWriter& writer_;
};

// Fields of a line that are not sampling fields.
bool is_prompt_field(std::string_view name) {
  return name == "id" || name == "prompt" || name == "prompt_token_ids" || name == "messages" ||
         name == "tools";
}

Result<engine::Request> parse_line(std::string_view text, size_t number, const LoadedModel& model,
                                   const SamplingRequest& defaults, text::GrammarCompiler& grammars,
                                   InputLine& line) {
  SPYRE_TRY_ASSIGN(const Json request, parse_json(text, fmt::format("line {}", number + 1)));
  if (!request.is_object()) {
    return error(Code::kInvalidArgument, "line {}: wanted a JSON object, found {}", number + 1,
                 request.type_name());
  }
  if (request.contains("id")) line.id = request["id"];
  SPYRE_TRY_ASSIGN(line.prompt,
                   request_prompt(model.text.tokenizer, model.text.chat_template, request));
  SamplingRequest sampling = defaults;
  for (const auto& [name, value] : request.items()) {
    if (!is_prompt_field(name)) SPYRE_TRY(set_field(name, value, model.text.tokenizer, sampling));
  }
  SPYRE_TRY_ASSIGN(sampling.grammar,
                   serve::openai::compile_grammar(sampling.structured, {}, &grammars));
  return cli::to_engine_request(line.prompt, sampling, model.runner->max_model_len());
}

}  // namespace

Result<int> generate_batch(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const std::string text, read_file(settings.text(Setting::kInput)));
  std::ofstream file;
  if (settings.is_set(Setting::kOutput)) {
    file.open(settings.text(Setting::kOutput), std::ios::binary);
    if (!file) {
      return error(Code::kIo, "--output: cannot write {}", settings.text(Setting::kOutput));
    }
  }
  const int64_t sequences = settings.integer(Setting::kMaxNumSeqs);
  SPYRE_TRY_ASSIGN(const LoadedModel model, LoadedModel::load(settings, sequences));
  SPYRE_TRY_ASSIGN(
      const SamplingRequest defaults,
      apply_sampling_flags(settings, model.text.tokenizer,
                           default_sampling(model.generation_config, model.text.tokenizer)));
  SPYRE_TRY_ASSIGN(auto generator, offline_generator(settings, model, sequences));
  text::GrammarCompiler grammars(model.text.tokenizer, model.runner->vocab_size(),
                                 defaults.params.eos_token_ids);
  OrderedWriter writer(file.is_open() ? file : std::cout);
  std::vector<InputLine> lines;
  std::istringstream stream(text);
  for (std::string each; std::getline(stream, each);) {
    if (each.find_first_not_of(" \t\r") == std::string::npos) continue;
    const size_t index = lines.size();
    lines.emplace_back();
    auto request = parse_line(each, index, model, defaults, grammars, lines.back());
    const Status status = request ? generator->submit(index, std::move(*request))
                                  : Status(std::unexpected(request.error()));
    if (!status) writer.add(index, error_json(lines.back().id, status.error()));
  }
  BatchListener listener(lines, model.load_seconds, writer);
  SPYRE_TRY(run_to_end(*generator, listener));
  if (interrupted()) return kInterruptedExit;
  if (writer.failures() == 0) return 0;
  return error(Code::kInvalidArgument, "{} of {} requests failed; see their \"error\"",
               writer.failures(), lines.size());
}

}  // namespace spyre::cli
