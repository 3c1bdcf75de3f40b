// One generation counter starts a job, one countdown ends it. A worker waits for the counter in
// rounds, then sleeps on it with a futex (std::atomic::wait); the caller, whose job is about to
// end, waits in rounds and then gives its CPU away round by round.
#include "base/thread_pool.h"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <system_error>
#include <thread>

#include "base/cpu.h"
#include "base/flush_denormals.h"
#include "base/relax.h"

namespace spyre {

namespace {

// With a CPU for each thread a round is one pause instruction of 40 to 140 cycles: 0.3 to 1 ms in
// all, longer than what lies between two steps. With fewer CPUs a round is a yield: whoever is
// waited for needs the CPU.
constexpr int kSpins = 20000;
constexpr int kCrowdedRounds = 50;

void pin_to(pthread_t thread, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  // A refused pin (a cpuset that shrank) costs speed, not correctness.
  pthread_setaffinity_np(thread, sizeof(set), &set);
}

class SpinningPool final : public ThreadPool {
 public:
  explicit SpinningPool(size_t num_threads)
      : num_threads_(static_cast<int>(num_threads)),
        crowded_(num_threads > usable_cpus().size()),
        rounds_(crowded_ ? kCrowdedRounds : kSpins) {}

  ~SpinningPool() override {
    stopping_.store(true, std::memory_order_relaxed);
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  int num_threads() const override { return num_threads_; }
  bool crowded() const override { return crowded_; }

  void start(const std::vector<int>& cpus) {
    workers_.reserve(cpus.size() - 1);
    for (size_t i = 1; i < cpus.size(); ++i) {
      workers_.emplace_back([this, i] { work(static_cast<int>(i)); });
      pthread_setname_np(workers_.back().native_handle(), "spyre-compute");
      if (cpus[i] >= 0) pin_to(workers_.back().native_handle(), cpus[i]);
    }
  }

 private:
  void run_erased(void (*job)(void*, int), void* context) override {
    if (num_threads_ == 1) {
      job(context, 0);
      return;
    }
    job_ = job;
    context_ = context;
    float_mode_ = float_mode();
    pending_.store(num_threads_ - 1, std::memory_order_relaxed);
    // A worker that sees the new generation sees job_, context_, float_mode_ and pending_. seq_cst,
    // with its partner in wait_for_job: see there.
    generation_.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) > 0) generation_.notify_all();
    job(context, 0);
    for (int round = 0; pending_.load(std::memory_order_acquire) > 0; ++round) {
      wait_a_round(round >= rounds_);
    }
  }

  void work(int index) {
    uint32_t seen = 0;
    while (true) {
      wait_for_job(seen);
      ++seen;
      if (stopping_.load(std::memory_order_relaxed)) return;
      set_float_mode(float_mode_);
      job_(context_, index);
      // Release: the caller that sees zero sees what the job wrote.
      pending_.fetch_sub(1, std::memory_order_release);
    }
  }

  void wait_for_job(uint32_t seen) {
    for (int round = 0; round < rounds_; ++round) {
      if (generation_.load(std::memory_order_acquire) != seen) return;
      wait_a_round(false);
    }
    // Each side writes its counter, then reads the other's. All four being seq_cst, they stand in
    // one order: either the caller sees this sleeper, or this thread sees the new generation.
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    while (generation_.load(std::memory_order_seq_cst) == seen) {
      generation_.wait(seen, std::memory_order_acquire);
    }
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

  void wait_a_round(bool patient) const {
    if (patient || crowded_) {
      std::this_thread::yield();
    } else {
      relax();
    }
  }

  const int num_threads_;
  const bool crowded_;  // more threads than CPUs
  const int rounds_;
  std::vector<std::thread> workers_;
  void (*job_)(void*, int) = nullptr;  // written before generation_ grows, read after
  void* context_ = nullptr;
  unsigned float_mode_ = 0;
  std::atomic<bool> stopping_{false};
  alignas(64) std::atomic<uint32_t> generation_{0};
  alignas(64) std::atomic<int> pending_{0};
  std::atomic<int> sleepers_{0};
};

}  // namespace

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(const std::vector<int>& cpus) {
  if (cpus.empty()) return error(Code::kInvalidArgument, "a thread pool needs at least one thread");
  auto pool = std::make_unique<SpinningPool>(cpus.size());
  try {
    pool->start(cpus);
  } catch (const std::system_error& e) {
    return error(Code::kResourceExhausted, "cannot start {} compute threads: {}; lower --threads",
                 cpus.size(), e.what());
  }
  return pool;
}

}  // namespace spyre
