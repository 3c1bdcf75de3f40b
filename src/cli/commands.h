// The commands of the binary. Each takes parsed settings and returns the process's exit status: 0,
// 1 for a failure that was printed on standard error, kInterruptedExit after Ctrl-C.
#pragma once

#include "cli/interrupt.h"
#include "config/settings.h"

namespace spyre::cli {

int run_generate(const config::Settings& settings);
int run_chat(const config::Settings& settings);
int run_embed(const config::Settings& settings);
int run_score(const config::Settings& settings);
int run_tokenize(const config::Settings& settings);
int run_detokenize(const config::Settings& settings);
int run_inspect(const config::Settings& settings);
int run_pull(const config::Settings& settings);
int run_cache_ls(const config::Settings& settings);
int run_cache_verify(const config::Settings& settings);
int run_cache_prune(const config::Settings& settings);
int run_cache_export(const config::Settings& settings);
int run_cache_import(const config::Settings& settings);
int run_serve(const config::Settings& settings);
int run_plan(const config::Settings& settings);
int run_compile(const config::Settings& settings);
int run_replay(const config::Settings& settings);
int run_bench_serve(const config::Settings& settings);
int run_bench_latency(const config::Settings& settings);
int run_bench_throughput(const config::Settings& settings);
int run_bench_startup(const config::Settings& settings);

// Prints "spyre: message" on standard error; returns 1, or kInterruptedExit for a cancelled
// command.
int fail(const Error& error);

}  // namespace spyre::cli
