// One prompt of `spyre generate`: text streams as it comes, JSON is one object at the end.
#include <algorithm>
#include <cstdio>

#include "cli/commands.h"
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

Json chat_messages(const config::Settings& settings) {
  Json messages = Json::array();
  if (settings.is_set(Setting::kSystem)) {
    messages.push_back({{"role", "system"}, {"content", settings.text(Setting::kSystem)}});
  }
  messages.push_back({{"role", "user"}, {"content", settings.text(Setting::kChat)}});
  return messages;
}

Result<std::vector<int32_t>> single_prompt(const config::Settings& settings, Setting source,
                                           const LoadedModel& model) {
  switch (source) {
    case Setting::kTokenIds: {
      const std::vector<int64_t> ids = settings.list(source);  // in the range of int32_t
      return std::vector<int32_t>(ids.begin(), ids.end());
    }
    case Setting::kChat:
      return chat_prompt(model.text.tokenizer, model.text.chat_template, chat_messages(settings),
                         nullptr);
    case Setting::kPromptFile: {
      SPYRE_TRY_ASSIGN(const std::string text, read_file(settings.text(source)));
      return text_prompt(model.text.tokenizer, text);
    }
    default:
      return text_prompt(model.text.tokenizer, settings.text(source));
  }
}

// Streams the text of a single request, or keeps quiet until its JSON is complete.
class SingleListener final : public engine::Listener {
 public:
  explicit SingleListener(bool stream) : stream_(stream) {}

  void on_delta(engine::RequestId, const engine::Delta& delta) override {
    if (!stream_ || delta.choice != 0 || delta.text.empty()) return;
    std::fwrite(delta.text.data(), 1, delta.text.size(), stdout);
    std::fflush(stdout);
  }
  void on_finished(engine::RequestId, engine::RequestOutput output) override {
    output_ = std::move(output);
  }

  engine::RequestOutput& output() { return output_; }

 private:
  const bool stream_;
  engine::RequestOutput output_;
};

// Text of all choices but the streamed one, and the speed.
void print_rest(const engine::RequestOutput& output, int64_t prompt_tokens, bool streamed) {
  for (size_t i = 0; i < output.completions.size(); ++i) {
    if (output.completions.size() > 1 && i > 0) fmt::print("\n--- choice {}\n", i);
    if (i > 0 || !streamed) fmt::print("{}", output.completions[i].text);
  }
  fmt::print("\n");
  int64_t decoded = 0;
  for (const auto& each : output.completions) {
    decoded += std::max<int64_t>(0, static_cast<int64_t>(each.token_ids.size()) - 1);
  }
  const engine::Timings& timings = output.timings;
  fmt::print(stderr, "[prompt {} tokens, {:.1f} tokens/s; answer {} tokens, {:.1f} tokens/s]\n",
             prompt_tokens, static_cast<double>(prompt_tokens) / timings.prefill_seconds,
             decoded + static_cast<int64_t>(output.completions.size()),
             decoded > 0 ? static_cast<double>(decoded) / timings.decode_seconds : 0.0);
}

}  // namespace

Result<int> generate_one(const config::Settings& settings, Setting source) {
  // The tokenizer knows the prompt only after loading; the number of sequences is a flag.
  const int64_t sequences = std::max<int64_t>(
      {1, settings.is_set(Setting::kN) ? settings.integer(Setting::kN) : 1,
       settings.is_set(Setting::kBeamWidth) ? 2 * settings.integer(Setting::kBeamWidth) : 1});
  SPYRE_TRY_ASSIGN(LoadedModel model, LoadedModel::load(settings, sequences));
  SPYRE_TRY_ASSIGN(std::vector<int32_t> prompt, single_prompt(settings, source, model));
  SPYRE_TRY_ASSIGN(
      SamplingRequest sampling,
      apply_sampling_flags(settings, model.text.tokenizer,
                           default_sampling(model.generation_config, model.text.tokenizer)));
  SPYRE_TRY_ASSIGN(auto generator, offline_generator(settings, model, sequences));
  SPYRE_TRY(generator->submit(
      0, cli::to_engine_request(prompt, sampling, model.runner->max_model_len())));

  const bool text = settings.text(Setting::kFormat) == "text";
  const bool stream = text && !settings.is_set(Setting::kBeamWidth);
  SingleListener listener(stream);
  SPYRE_TRY(run_to_end(*generator, listener));
  const engine::RequestOutput& output = listener.output();
  if (!text) {
    fmt::print("{}\n", result_json(nullptr, prompt, output, model.load_seconds)
                           .dump(-1, ' ', false, Json::error_handler_t::replace));
  } else if (!output.error) {
    print_rest(output, static_cast<int64_t>(prompt.size()), stream);
  }
  if (output.error) return fail(*output.error);
  return interrupted() ? kInterruptedExit : 0;
}

}  // namespace spyre::cli
