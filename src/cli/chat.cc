// `spyre chat`: a conversation in the terminal. The whole history is the prompt of every turn, as
// with a server.
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/loaded_model.h"
#include "cli/offline_generator.h"
#include "cli/prompts.h"
#include "cli/sampling_flags.h"

namespace spyre::cli {

namespace {

using config::Setting;

// Prints the answer as it comes and keeps it for the history.
class TurnListener final : public engine::Listener {
 public:
  void on_delta(engine::RequestId, const engine::Delta& delta) override {
    std::fwrite(delta.text.data(), 1, delta.text.size(), stdout);
    std::fflush(stdout);
  }
  void on_finished(engine::RequestId, engine::RequestOutput output) override {
    output_ = std::move(output);
  }
  const engine::RequestOutput& output() const { return output_; }

 private:
  engine::RequestOutput output_;
};

// One question and its answer, appended to messages. A turn that fails leaves messages alone.
Status take_turn(const LoadedModel& model, const SamplingRequest& sampling,
                 engine::Generator& generator, const std::string& question, Json& messages) {
  Json asked = messages;
  asked.push_back({{"role", "user"}, {"content", question}});
  SPYRE_TRY_ASSIGN(auto prompt,
                   chat_prompt(model.text.tokenizer, model.text.chat_template, asked, nullptr));
  SPYRE_TRY(generator.submit(
      0, cli::to_engine_request(std::move(prompt), sampling, model.runner->max_model_len())));
  TurnListener listener;
  SPYRE_TRY(run_to_end(generator, listener));
  fmt::print("\n");
  const engine::RequestOutput& output = listener.output();
  if (output.error) return std::unexpected(*output.error);
  messages = std::move(asked);
  messages.push_back({{"role", "assistant"}, {"content", output.completions[0].text}});
  return {};
}

Result<int> chat(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(LoadedModel model, LoadedModel::load(settings, 1));
  if (!model.text.chat_template) {
    return error(Code::kInvalidArgument,
                 "this model has no chat template; use spyre generate --prompt");
  }
  SPYRE_TRY_ASSIGN(
      SamplingRequest sampling,
      apply_sampling_flags(settings, model.text.tokenizer,
                           default_sampling(model.generation_config, model.text.tokenizer)));
  SPYRE_TRY_ASSIGN(auto generator, offline_generator(model, 1));
  Json messages = Json::array();
  if (settings.is_set(Setting::kSystem)) {
    messages.push_back({{"role", "system"}, {"content", settings.text(Setting::kSystem)}});
  }
  const bool terminal = isatty(STDIN_FILENO) == 1;
  if (terminal) fmt::print("Type a message; /quit ends, /clear forgets the conversation.\n");
  const Json beginning = messages;
  std::string line;
  while (!interrupted()) {
    if (terminal) fmt::print("> ");
    std::fflush(stdout);
    if (!std::getline(std::cin, line) || line == "/quit") break;
    if (line == "/clear") messages = beginning;
    if (line.empty() || line == "/clear") continue;
    if (const Status status = take_turn(model, sampling, *generator, line, messages); !status) {
      fail(status.error());
    }
  }
  return interrupted() ? kInterruptedExit : 0;
}

}  // namespace

int run_chat(const config::Settings& settings) {
  const Result<int> status = chat(settings);
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
