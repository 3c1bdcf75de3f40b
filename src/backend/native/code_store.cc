// An entry's payload is what the compiler answered: an answer for each routine of the program, by
// their numbers.
#include "backend/native/code_store.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "cache/sha256.h"
#include "compile/protocol.h"

namespace spyre::backend {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

// Per routine of the program; nothing when these are not its answers.
std::optional<std::vector<compile::CompiledRoutine>> answers_in(std::span<const std::byte> payload,
                                                                const compile::Program& program) {
  std::string bytes(reinterpret_cast<const char*>(payload.data()), payload.size());
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

}  // namespace

Status CodeStore::add(const compile::Program& program, cache::KeyFields key) {
  const std::string name(key.program());
  // Whatever passes and lowering did: code belongs to these very routines.
  const std::string routines = to_text(compile::CompileRequest{
      .isa = options_.codegen.isa, .threads = 0, .keep_text = false, .routines = program.routines});
  key.fields.emplace_back("routines",
                          cache::hex(cache::sha256(std::as_bytes(std::span(routines)))));
  for (const auto& each : options_.key_fields) key.fields.push_back(each);
  const Clock::time_point began = Clock::now();
  std::string reason = "the cache is off";
  if (load(program, key, reason)) {
    log::info("graph cache: hit: {}, in {:.1f} ms", name, 1e3 * seconds_since(began));
    return {};
  }
  if (!options_.may_compile) {
    return error(Code::kInvalidArgument,
                 "Compilation disabled: {}: {}; wanted in TORCH_SENDNN_CACHE_DIR, or "
                 "VLLM_SPYRE_REQUIRE_PRECOMPILED_DECODERS=0",
                 name, reason);
  }
  SPYRE_TRY(compile_missing(program));
  const double seconds = seconds_since(began);
  if (options_.cache) {
    log::info("graph cache: miss: {}: {}; compiled in {:.2f} s", name, reason, seconds);
    store(program, key, seconds);
  }
  return {};
}

bool CodeStore::load(const compile::Program& program, const cache::KeyFields& key,
                     std::string& reason) {
  // A build without a compiler has no version to ask for.
  if (!options_.cache || compile::code_version().empty()) return false;
  const auto found = options_.cache->load(key);
  reason = found.reason;
  ++(found.entry ? report_.cache_hits : report_.cache_misses);
  if (!found.entry) return false;
  auto results = answers_in(found.entry->payload, program);
  if (!results) {
    reason = "not the routines of this program";
    log::warn("graph cache: {}: {}; compiling again", key.program(), reason);
    return false;
  }
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
  std::string payload;
  for (size_t i = 0; i < program.routines.size(); ++i) {
    if (!compile::is_compilable(program.routines[i])) continue;
    const Entry* entry = entry_of(program.routines[i]);
    if (entry == nullptr || entry->code.empty()) return;
    payload += to_text(compile::CompileAnswer{
        .routine = static_cast<int64_t>(i),
        .result = {.code = entry->code[0].copy(), .why = {}, .llvm = {}, .assembly = {}}});
  }
  const auto bytes = std::as_bytes(std::span(payload));
  const Status stored = options_.cache->store(
      {.fields = key,
       .about = {{"routines", program.routines.size()}, {"compile_seconds", seconds}},
       .payload = {bytes.begin(), bytes.end()}});
  if (!stored) log::warn("graph cache: not stored: {}", stored.error().message);
}

void CodeStore::keep(const compile::Routine& routine, compile::CompiledRoutine result) {
  Entry entry{.routine = routine, .code = {}};
  report_.compile_seconds += result.seconds;
  if (result.code) {
    auto loaded = compile::LoadedCode::load(*result.code);
    if (loaded) {
      report_.code_bytes += loaded->bytes();
      entry.code.push_back(std::move(*loaded));
    } else {
      result.why = loaded.error().message;
    }
  }
  if (entry.code.empty()) {
    ++report_.failed;
    log::warn("a routine of {} pieces runs over ahead-of-time kernels: {}", routine.calls.size(),
              result.why);
  } else {
    ++report_.compiled;
  }
  entries_.push_back(std::move(entry));
}

const CodeStore::Entry* CodeStore::entry_of(const compile::Routine& routine) const {
  const auto found = std::ranges::find(entries_, routine, &Entry::routine);
  return found == entries_.end() ? nullptr : &*found;
}

compile::RoutineFunction CodeStore::find(const compile::Routine& routine) const {
  const Entry* entry = entry_of(routine);
  return entry == nullptr || entry->code.empty() ? nullptr : entry->code[0].function();
}

}  // namespace spyre::backend
