// `spyre generate`: where its prompt comes from.
#include "cli/generate.h"

#include "cli/commands.h"

namespace spyre::cli {

namespace {

using config::Setting;

// Which of the ways to give a prompt was used.
Result<Setting> prompt_source(const config::Settings& settings) {
  std::optional<Setting> found;
  for (const Setting each : {Setting::kPrompt, Setting::kPromptFile, Setting::kChat,
                             Setting::kTokenIds, Setting::kInput}) {
    if (!settings.is_set(each)) continue;
    if (found) {
      return error(Code::kInvalidArgument, "wanted one of {} and {}, found both", name(*found),
                   name(each));
    }
    found = each;
  }
  if (found) return *found;
  return error(Code::kInvalidArgument,
               "wanted a prompt: --prompt T, --prompt-file F, --chat T, --token-ids 1,2,3 or "
               "--input requests.jsonl");
}

Result<int> generate(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const Setting source, prompt_source(settings));
  if (source == Setting::kInput) return generate_batch(settings);
  return generate_one(settings, source);
}

}  // namespace

int run_generate(const config::Settings& settings) {
  const Result<int> status = generate(settings);
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
