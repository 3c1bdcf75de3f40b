// `spyre compile`, and `spyre serve` under VLLM_SPYRE_DYNAMO_BACKEND=sendnn_compile_only: does what
// a server's start does up to the graphs, and leaves them in the graph cache, with a line in its
// catalogue.
#include <utility>

#include "base/log.h"
#include "base/mapped_file.h"
#include "cache/folder.h"
#include "cli/codegen.h"
#include "cli/commands.h"
#include "cli/compile_dump.h"
#include "cli/compile_report.h"
#include "cli/known_configuration.h"
#include "cli/loaded_model.h"
#include "cli/serving_plan.h"
#include "config/adopt.h"
#include "engine/step_shapes.h"
#include "engine/warmup.h"
#include "plan/precompiled_catalog.h"

namespace spyre::cli {

namespace {

using config::Setting;

bool keeps_graphs(const config::Settings& settings) {
  return settings.flag(Setting::kSendnnCacheEnable) &&
         !settings.flag(Setting::kDisableCompileCache);
}

// Without a cache there is something to see at most.
Status check(const config::Settings& settings, const OpenModel& open, const CompileDump& dump) {
  if (open.options.backend.execution == backend::Execution::kEager) {
    return error(Code::kInvalidArgument,
                 "eager graphs are not compiled: wanted VLLM_SPYRE_DYNAMO_BACKEND=sendnn or "
                 "inductor, and no --enforce-eager");
  }
  if (settings.flag(Setting::kRequirePrecompiledDecoders)) {
    return error(Code::kInvalidArgument,
                 "VLLM_SPYRE_REQUIRE_PRECOMPILED_DECODERS=1 forbids what was asked for: leave it "
                 "out to compile");
  }
  if (dump.any() && settings.text(Setting::kFormat) == "json") {
    return error(Code::kInvalidArgument, "--dump and --format json: wanted one of them");
  }
  const bool shows = dump.any() || settings.flag(Setting::kReport);
  if (keeps_graphs(settings) || shows) return {};
  return error(Code::kInvalidArgument,
               "nothing would keep the graphs: wanted TORCH_SENDNN_CACHE_ENABLE=1 and a folder in "
               "TORCH_SENDNN_CACHE_DIR or --cache-dir, or --report or --dump to see them only");
}

// The file beside the graphs that says what they were compiled for.
Status add_to_catalog(const config::Settings& settings, const plan::RunShape& run) {
  SPYRE_TRY_ASSIGN(
      const cache::Folder folder,
      cache::Folder::open(settings.text(Setting::kSendnnCacheDir), cache::IfAbsent::kFail));
  if (!folder.writable()) return {};
  SPYRE_TRY_ASSIGN(const cache::Descriptor lock, folder.lock());
  const std::string name(plan::kCatalogFile);
  const std::string path = (folder.path() / name).string();
  std::string text;
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    SPYRE_TRY_ASSIGN(const MappedFile file, MappedFile::open(path));
    text.assign(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  }
  SPYRE_TRY_ASSIGN(
      const std::string changed,
      plan::add_to_catalog(text, path,
                           plan::entry_of(SPYRE_VERSION, settings.text(Setting::kModel), run)));
  if (changed == text) return {};
  return folder.write(name, std::as_bytes(std::span(changed)));
}

// A folder that was named on the command line is meant to be used.
Status use_named_folder(config::Settings& settings) {
  if (settings.source(Setting::kSendnnCacheDir) != config::Source::kFlag) return {};
  const std::string variable(config::info(Setting::kSendnnCacheEnable).env);
  const config::Wish on = {variable, "1"};
  SPYRE_TRY_ASSIGN(
      const config::Adopted adopted,
      config::adopt(settings, std::span(&on, 1), "--cache-dir", config::Environment::of_process()));
  if (adopted.kept.empty()) return {};
  return error(Code::kInvalidArgument, "--cache-dir: {}", adopted.kept[0]);
}

Result<int> compile(config::Settings settings) {
  SPYRE_TRY(use_named_folder(settings));
  SPYRE_TRY_ASSIGN(CompileDump dump, CompileDump::create(settings.text(Setting::kDump)));
  SPYRE_TRY_ASSIGN(OpenModel open, open_model(settings));
  SPYRE_TRY(check(settings, open, dump));
  SPYRE_TRY_ASSIGN(const plan::ServingPlan plan, settled_plan(settings, open));
  log::info("{}", plan.summary);
  SPYRE_TRY(plan::check_fits(plan));
  open.options.max_model_len = plan.max_model_len;
  open.options.kv_blocks = plan.kv_blocks;
  SPYRE_TRY(compile_graphs(open, settings,
                           {.length = RunLength::kLong, .graphs = std::ssize(plan.programs)}));
  const bool report = settings.flag(Setting::kReport);
  open.options.backend.time_regions = report;
  if (dump.any()) dump.attach(open.options.backend);

  SPYRE_TRY_ASSIGN(const LoadedModel model, LoadedModel::load(std::move(open)));
  for (const model::StepShape& each : plan.programs) SPYRE_TRY(model.runner->prepare(each));
  if (report) {
    SPYRE_TRY(
        engine::warm_up_programs(*model.runner, plan.programs, {},
                                 [](const engine::WarmupProgress&) { return !interrupted(); }));
  }
  if (keeps_graphs(settings)) SPYRE_TRY(add_to_catalog(settings, run_shape(settings, plan)));
  const ProgramOverviews programs = model.runner->programs();
  if (settings.text(Setting::kFormat) == "json") {
    fmt::print("{}\n", to_json(programs).dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("{}", text(programs, report));
  }
  return model.runner->code_report().failed == 0 ? 0 : 1;
}

}  // namespace

int run_compile(const config::Settings& settings) {
  const Result<int> status = compile(settings);
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
