// Computes the token masks of grammars while the model runs: after a token is taken its grammar's
// next mask is posted here, and whoever samples asks for it when the logits are there. A mask that
// was not begun by then is computed by the one who asks. Which thread it was changes no bit.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/result.h"

namespace spyre::engine {

class MaskThread {
 public:
  // Something to compute. It is posted, asked for with finish(), and may then be posted again.
  class Job {
   public:
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    virtual ~Job() = default;

   protected:
    // On the mask thread, or on that of finish().
    virtual void run() = 0;

   private:
    friend class MaskThread;
    enum class Stage { kIdle, kQueued, kRunning, kDone };
    Stage stage_ = Stage::kIdle;  // guarded by the thread's mutex
  };

  MaskThread() = default;
  MaskThread(const MaskThread&) = delete;
  MaskThread& operator=(const MaskThread&) = delete;
  ~MaskThread();

  // Queues a job that is idle. The first one starts the thread: who has no grammar has no thread.
  void post(Job& job);
  // Returns once the job has run, on this thread if need be; an idle one runs now. Idle afterwards.
  void finish(Job& job);
  // Takes back what was posted: returns once it neither waits nor runs. Idle afterwards.
  void withdraw(Job& job);

 private:
  void loop(const std::stop_token& stopping);
  void remove(const Job& job);

  std::mutex mutex_;  // guards all below but the thread
  std::condition_variable_any posted_;
  std::condition_variable ran_;
  std::deque<Job*> queue_;
  std::jthread thread_;
};

}  // namespace spyre::engine
