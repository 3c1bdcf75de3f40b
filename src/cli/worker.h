// A thread that runs tasks in their order: work that must not hold up the thread that answers HTTP.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace spyre::cli {

class Worker {
 public:
  Worker();
  // Runs what was queued before it ends.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // From any thread. Tasks do not throw.
  void run(std::function<void()> task);

 private:
  void loop();

  std::mutex mutex_;                 // guards tasks_ and ending_
  std::condition_variable changed_;  // either of them did
  std::deque<std::function<void()>> tasks_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace spyre::cli
