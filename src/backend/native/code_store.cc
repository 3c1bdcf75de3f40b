// An entry's payload is a line with the program's tuning, then what the compiler answered: an
// answer for each routine of the tuned program, by their numbers.
#include "backend/native/code_store.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "backend/native/perf_map.h"
#include "base/log.h"
#include "cache/sha256.h"
#include "compile/protocol.h"

namespace spyre::backend {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

// Tunes the program as the payload says and takes the line off; false when it is not of this
// program.
bool take_tuning(std::string& bytes, compile::Program& program) {
  const size_t end = bytes.find('\n');
  if (end == std::string::npos) return false;
  const auto tuning = compile::parse_tuning(std::string_view(bytes).substr(0, end));
  if (!tuning || tuning->size() != compile::tuning_of(program).size()) return false;
  compile::apply(program, *tuning);
  bytes.erase(0, end + 1);
  return true;
}

// Per routine of the program; nothing when these are not its answers.
std::optional<std::vector<compile::CompiledRoutine>> take_answers(std::string bytes,
                                                                  const compile::Program& program) {
  std::vector<compile::CompiledRoutine> results(program.routines.size());
  while (!bytes.empty()) {
    auto answer = compile::take_answer(bytes);
    if (!answer || !*answer || !(*answer)->result.code || (*answer)->routine < 0 ||
        (*answer)->routine >= static_cast<int64_t>(results.size())) {
      return std::nullopt;
    }
    results[static_cast<size_t>((*answer)->routine)] = std::move((*answer)->result);
  }
  for (size_t i = 0; i < results.size(); ++i) {
    if (compile::is_compilable(program.routines[i]) && !results[i].code) return std::nullopt;
  }
  return results;
}

void name_for_perf(const compile::Routine& routine, const compile::LoadedCode& code) {
  std::vector<std::string> pieces;
  pieces.reserve(routine.calls.size());
  for (const auto& call : routine.calls) pieces.push_back(kernels::symbol(call.kind, call.format));
  const Status named =
      add_to_perf_map(code.begin(), code.bytes(), fmt::format("{}", fmt::join(pieces, "+")));
  if (!named) log::warn("perf will not know compiled routines: {}", named.error().message);
}

}  // namespace

Result<CodeOrigin> CodeStore::add(compile::Program& program, cache::KeyFields key,
                                  const Tuner& tuner) {
  const std::string name(key.program());
  // Whatever passes and lowering did: code belongs to these very routines.
  const std::string routines = to_text(compile::CompileRequest{
      .isa = options_.codegen.isa, .threads = 0, .keep_text = false, .routines = program.routines});
  key.fields.emplace_back("routines", cache::sha256_hex(routines));
  for (const auto& each : options_.key_fields) key.fields.push_back(each);
  const Clock::time_point began = Clock::now();
  CodeOrigin origin{.source = CodeSource::kCache, .reason = "the cache is off", .seconds = 0};
  if (load(program, key, origin.reason)) {
    origin.seconds = seconds_since(began);
    log::info("graph cache: hit: {}, in {:.1f} ms", name, 1e3 * origin.seconds);
    return origin;
  }
  if (!options_.may_compile) {
    return error(Code::kInvalidArgument,
                 "Compilation disabled: {}: {}; wanted in TORCH_SENDNN_CACHE_DIR, or "
                 "VLLM_SPYRE_REQUIRE_PRECOMPILED_DECODERS=0",
                 name, origin.reason);
  }
  if (options_.tune_seconds > 0) {
    compile::apply(program, tuner(program, options_.tune_seconds));
    log::debug("{}: tuned in {:.2f} s", name, seconds_since(began));
  }
  SPYRE_TRY(compile_missing(program));
  origin.seconds = seconds_since(began);
  origin.source =
      std::ranges::any_of(program.routines,
                          [&](const compile::Routine& each) { return find(each) != nullptr; })
          ? CodeSource::kCompiled
          : CodeSource::kAheadOfTime;
  if (options_.cache) {
    log::info("graph cache: miss: {}: {}; compiled in {:.2f} s", name, origin.reason,
              origin.seconds);
    store(program, key, origin.seconds);
  }
  return origin;
}

bool CodeStore::load(compile::Program& program, const cache::KeyFields& key, std::string& reason) {
  if (options_.codegen.keep_text) {
    reason = "text was asked for";
    return false;
  }
  // A build without a compiler has no version to ask for.
  if (!options_.cache || compile::code_version().empty()) return false;
  const auto found = options_.cache->load(key);
  reason = found.reason;
  ++(found.entry ? report_.cache_hits : report_.cache_misses);
  if (!found.entry) return false;
  const auto& payload = found.entry->payload;
  std::string bytes(reinterpret_cast<const char*>(payload.data()), payload.size());
  compile::Program tuned = program;
  auto results = take_tuning(bytes, tuned) ? take_answers(std::move(bytes), tuned) : std::nullopt;
  if (!results) {
    reason = "not the routines of this program";
    log::warn("graph cache: {}: {}; compiling again", key.program(), reason);
    return false;
  }
  program = std::move(tuned);
  for (size_t i = 0; i < results->size(); ++i) {
    const compile::Routine& routine = program.routines[i];
    if ((*results)[i].code && entry_of(routine) == nullptr) keep(routine, std::move((*results)[i]));
  }
  return true;
}

Status CodeStore::compile_missing(const compile::Program& program) {
  if (!available_) return {};
  std::vector<compile::Routine> missing;
  for (const compile::Routine& routine : program.routines) {
    if (entry_of(routine) == nullptr && compile::is_compilable(routine)) {
      missing.push_back(routine);
    }
  }
  auto results = compile::compile_routines(missing, options_.codegen);
  if (!results) {
    if (results.error().code == Code::kCancelled) return std::unexpected(results.error());
    log::warn("graphs run over ahead-of-time kernels, somewhat slower: {}",
              results.error().message);
    available_ = false;
    report_.failed += static_cast<int64_t>(missing.size());
    return {};
  }
  for (size_t i = 0; i < missing.size(); ++i) keep(missing[i], std::move((*results)[i]));
  return {};
}

// Only whole programs: one that lacks a routine is compiled again at the next start.
void CodeStore::store(const compile::Program& program, const cache::KeyFields& key,
                      double seconds) {
  if (!options_.cache->writable() || compile::code_version().empty()) return;
  std::string payload = to_text(compile::tuning_of(program));
  for (size_t i = 0; i < program.routines.size(); ++i) {
    if (!compile::is_compilable(program.routines[i])) continue;
    const Entry* entry = entry_of(program.routines[i]);
    if (entry == nullptr || !entry->code) return;
    payload += to_text(compile::CompileAnswer{
        .routine = static_cast<int64_t>(i),
        .result = {.code = entry->code->copy(), .why = {}, .llvm = {}, .assembly = {}}});
  }
  const auto bytes = std::as_bytes(std::span(payload));
  const Status stored = options_.cache->store(
      {.fields = key,
       .about = {{"routines", program.routines.size()}, {"compile_seconds", seconds}},
       .payload = {bytes.begin(), bytes.end()}});
  if (!stored) log::warn("graph cache: not stored: {}", stored.error().message);
}

void CodeStore::keep(const compile::Routine& routine, compile::CompiledRoutine result) {
  Entry entry{.routine = routine, .answer = {}, .code = {}};
  report_.compile_seconds += result.seconds;
  if (result.code) {
    auto loaded = compile::LoadedCode::load(*result.code);
    if (loaded) {
      report_.code_bytes += loaded->bytes();
      entry.code.emplace(std::move(*loaded));
    } else {
      result.why = loaded.error().message;
    }
  }
  if (!entry.code) {
    ++report_.failed;
    log::warn("a routine of {} pieces runs over ahead-of-time kernels: {}", routine.calls.size(),
              result.why);
  } else {
    ++report_.compiled;
    if (options_.perf_map) name_for_perf(routine, *entry.code);
  }
  result.code.reset();
  entry.answer = std::move(result);
  entries_.push_back(std::move(entry));
}

const CodeStore::Entry* CodeStore::entry_of(const compile::Routine& routine) const {
  const auto found = std::ranges::find(entries_, routine, &Entry::routine);
  return found == entries_.end() ? nullptr : &*found;
}

const compile::CompiledRoutine* CodeStore::answer(const compile::Routine& routine) const {
  const Entry* entry = entry_of(routine);
  return entry == nullptr ? nullptr : &entry->answer;
}

size_t CodeStore::code_bytes(const compile::Routine& routine) const {
  const Entry* entry = entry_of(routine);
  return entry == nullptr || !entry->code ? 0 : entry->code->bytes();
}

compile::RoutineFunction CodeStore::find(const compile::Routine& routine) const {
  const Entry* entry = entry_of(routine);
  return entry == nullptr || !entry->code ? nullptr : entry->code->function();
}

}  // namespace spyre::backend
