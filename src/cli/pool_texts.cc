#include "cli/pool_texts.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <sstream>

#include "cli/interrupt.h"
#include "cli/offline_generator.h"
#include "cli/progress_line.h"
#include "cli/read_file.h"
#include "cli/write_file.h"

namespace spyre::cli {

namespace {

using config::Setting;

class PooledVectors final : public engine::Listener {
 public:
  explicit PooledVectors(size_t count) : vectors_(count) {}

  void on_delta(engine::RequestId, const engine::Delta&) override {}
  void on_finished(engine::RequestId id, engine::RequestOutput output) override {
    if (output.error && !failure_) failure_ = std::move(output.error);
    vectors_[id] = std::move(output.pooled);
    line_.show(++done_, static_cast<int64_t>(vectors_.size()));
  }

  const std::optional<Error>& failure() const { return failure_; }
  std::vector<std::vector<float>> take() {
    line_.clear();
    return std::move(vectors_);
  }

 private:
  ProgressLine line_{"pooling texts"};
  std::vector<std::vector<float>> vectors_;
  int64_t done_ = 0;
  std::optional<Error> failure_;
};

bool are_good(const std::vector<std::vector<float>>& vectors, int64_t columns) {
  return std::ranges::all_of(vectors, [&](const auto& values) {
    return std::cmp_equal(values.size(), columns) &&
           std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
  });
}

}  // namespace

Result<std::vector<InputLine>> input_lines(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const std::string text, read_file(settings.text(Setting::kInput)));
  std::vector<InputLine> lines;
  std::istringstream stream(text);
  size_t number = 0;
  for (std::string each; std::getline(stream, each);) {
    ++number;
    if (each.find_first_not_of(" \t\r") == std::string::npos) continue;
    SPYRE_TRY_ASSIGN(Json json, parse_json(each, fmt::format("line {}", number)));
    lines.push_back({number, std::move(json)});
  }
  return lines;
}

Result<serve::openai::InputRules> input_rules(const config::Settings& settings,
                                              const OfflinePooling& pooling,
                                              const serve::openai::PoolingModel& model) {
  serve::openai::InputRules rules{
      .tokenizer = pooling.model->text.tokenizer,
      .most_tokens = serve::openai::longest_input(model, pooling.plan.max_model_len)};
  if (!settings.is_set(Setting::kTruncatePromptTokens)) return rules;
  const int64_t wanted = settings.integer(Setting::kTruncatePromptTokens);
  if (wanted == 0 || wanted > rules.most_tokens) {
    return error(Code::kInvalidArgument,
                 "--truncate-prompt-tokens: wanted 1 to {} (what the model takes), or -1, found {}",
                 rules.most_tokens, wanted);
  }
  rules.truncation.max_tokens = wanted < 0 ? rules.most_tokens : wanted;
  return rules;
}

std::optional<bool> wants_activation(const config::Settings& settings) {
  const std::string word = settings.text(Setting::kUseActivation);
  return word == "auto" ? std::nullopt : std::optional(word == "on");
}

std::unexpected<Error> as_error(const serve::openai::ApiError& error) {
  return std::unexpected(Error{Code::kInvalidArgument, error.message});
}

Result<std::vector<std::vector<float>>> pool_all(OfflinePooling& pooling,
                                                 std::vector<serve::openai::PoolingPrompt> prompts,
                                                 int64_t columns) {
  for (size_t i = 0; i < prompts.size(); ++i) {
    SPYRE_TRY(pooling.generator->submit(
        i, {.prompt = std::move(prompts[i].ids),
            .pooling = engine::PoolingInputs{.token_types = std::move(prompts[i].token_types)}}));
  }
  PooledVectors vectors(prompts.size());
  SPYRE_TRY(run_to_end(*pooling.generator, vectors));
  if (interrupted()) return error(Code::kCancelled, "interrupted");
  if (vectors.failure()) return std::unexpected(*vectors.failure());
  auto pooled = vectors.take();
  if (!are_good(pooled, columns)) {
    return error(Code::kInternal, "wanted {} finite values for each text, found others", columns);
  }
  return pooled;
}

Status write_result(const config::Settings& settings, std::string_view bytes) {
  if (settings.is_set(Setting::kOutput)) {
    return write_file(settings.text(Setting::kOutput), bytes, "--output");
  }
  std::cout.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!std::cout.flush()) return error(Code::kIo, "cannot write to standard output");
  return {};
}

}  // namespace spyre::cli
