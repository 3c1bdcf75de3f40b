// `spyre chat MODEL`: the whole history is the prompt of every turn, as with a server.
#include "cli/chat_partner.h"
#include "cli/loaded_model.h"
#include "cli/offline_generator.h"
#include "cli/prompts.h"
#include "cli/sampling_flags.h"

namespace spyre::cli {

namespace {

class TurnListener final : public engine::Listener {
 public:
  explicit TurnListener(const std::function<void(std::string_view)>& on_text) : on_text_(on_text) {}

  void on_delta(engine::RequestId, const engine::Delta& delta) override { on_text_(delta.text); }
  void on_finished(engine::RequestId, engine::RequestOutput output) override {
    output_ = std::move(output);
  }
  engine::RequestOutput& output() { return output_; }

 private:
  const std::function<void(std::string_view)>& on_text_;
  engine::RequestOutput output_;
};

class LocalChatPartner final : public ChatPartner {
 public:
  LocalChatPartner(LoadedModel model, SamplingRequest sampling)
      : model_(std::move(model)), sampling_(std::move(sampling)) {}

  Status start(const config::Settings& settings) {
    SPYRE_TRY_ASSIGN(generator_, offline_generator(settings, model_, 1));
    return {};
  }

  Result<ChatAnswer> answer(const Json& messages,
                            const std::function<void(std::string_view)>& on_text) override {
    SPYRE_TRY_ASSIGN(auto prompt, chat_prompt(model_.text.tokenizer, model_.text.chat_template,
                                              messages, nullptr));
    SPYRE_TRY(generator_->submit(
        0, cli::to_engine_request(std::move(prompt), sampling_, model_.runner->max_model_len())));
    TurnListener listener(on_text);
    SPYRE_TRY(run_to_end(*generator_, listener));
    engine::RequestOutput& output = listener.output();
    if (output.error) return std::unexpected(std::move(*output.error));
    engine::Completion& first = output.completions[0];
    return ChatAnswer{.text = std::move(first.text),
                      .tokens = static_cast<int64_t>(first.token_ids.size()),
                      .first_token_seconds = output.timings.prefill_seconds,
                      .seconds = output.timings.decode_seconds};
  }

 private:
  LoadedModel model_;
  SamplingRequest sampling_;
  std::unique_ptr<engine::Generator> generator_;
};

}  // namespace

Result<std::unique_ptr<ChatPartner>> local_chat_partner(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(LoadedModel model, LoadedModel::load(settings, 1));
  if (!model.text.chat_template) {
    return error(Code::kInvalidArgument,
                 "this model has no chat template; use spyre generate --prompt");
  }
  SPYRE_TRY_ASSIGN(
      SamplingRequest sampling,
      apply_sampling_flags(settings, model.text.tokenizer,
                           default_sampling(model.generation_config, model.text.tokenizer)));
  auto partner = std::make_unique<LocalChatPartner>(std::move(model), std::move(sampling));
  SPYRE_TRY(partner->start(settings));
  return partner;
}

}  // namespace spyre::cli
