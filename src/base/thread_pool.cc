// One generation counter starts a job, one countdown ends it. Workers and the caller spin for
// kSpins rounds (about 50 us), then sleep on the counter with a futex (std::atomic::wait).
#include "base/thread_pool.h"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <system_error>
#include <thread>

namespace spyre {

namespace {

constexpr int kSpins = 20000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

void pin_to(pthread_t thread, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  // A refused pin (a cpuset that shrank) costs speed, not correctness.
  pthread_setaffinity_np(thread, sizeof(set), &set);
}

class SpinningPool final : public ThreadPool {
 public:
  explicit SpinningPool(size_t num_threads) : num_threads_(static_cast<int>(num_threads)) {}

  ~SpinningPool() override {
    stopping_.store(true, std::memory_order_relaxed);
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  int num_threads() const override { return num_threads_; }

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
    pending_.store(num_threads_ - 1, std::memory_order_relaxed);
    // Release: a worker that sees the new generation sees job_, context_ and pending_.
    generation_.fetch_add(1, std::memory_order_release);
    if (sleepers_.load(std::memory_order_seq_cst) > 0) generation_.notify_all();
    job(context, 0);
    for (int spins = 0;; ++spins) {
      const int left = pending_.load(std::memory_order_acquire);
      if (left == 0) return;
      if (spins < kSpins) {
        relax();
      } else {
        std::this_thread::yield();
      }
    }
  }

  void work(int index) {
    uint32_t seen = 0;
    while (true) {
      wait_for_job(seen);
      ++seen;
      if (stopping_.load(std::memory_order_relaxed)) return;
      job_(context_, index);
      // Release: the caller that sees zero sees what the job wrote.
      pending_.fetch_sub(1, std::memory_order_release);
    }
  }

  void wait_for_job(uint32_t seen) {
    for (int spins = 0; spins < kSpins; ++spins) {
      if (generation_.load(std::memory_order_acquire) != seen) return;
      relax();
    }
    // seq_cst on both sides: either the caller sees this sleeper, or this thread sees the new
    // generation.
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    while (generation_.load(std::memory_order_seq_cst) == seen) {
      generation_.wait(seen, std::memory_order_acquire);
    }
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

  const int num_threads_;
  std::vector<std::thread> workers_;
  void (*job_)(void*, int) = nullptr;  // written before generation_ grows, read after
  void* context_ = nullptr;
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
