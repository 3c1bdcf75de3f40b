#include "engine/mask_thread.h"

#include <pthread.h>

#include <algorithm>

namespace spyre::engine {

MaskThread::~MaskThread() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void MaskThread::post(Job& job) {
  {
    const std::scoped_lock lock(mutex_);
    SPYRE_CHECK(job.stage_ == Job::Stage::kIdle);
    job.stage_ = Job::Stage::kQueued;
    queue_.push_back(&job);
  }
  if (!thread_.joinable()) {
    thread_ = std::jthread([this](const std::stop_token& stopping) { loop(stopping); });
    pthread_setname_np(thread_.native_handle(), "spyre-masks");
  }
  posted_.notify_one();
}

void MaskThread::finish(Job& job) {
  {
    std::unique_lock lock(mutex_);
    ran_.wait(lock, [&] { return job.stage_ != Job::Stage::kRunning; });
    const bool done = job.stage_ == Job::Stage::kDone;
    if (job.stage_ == Job::Stage::kQueued) remove(job);
    job.stage_ = Job::Stage::kIdle;
    if (done) return;
  }
  job.run();
}

void MaskThread::withdraw(Job& job) {
  std::unique_lock lock(mutex_);
  ran_.wait(lock, [&] { return job.stage_ != Job::Stage::kRunning; });
  if (job.stage_ == Job::Stage::kQueued) remove(job);
  job.stage_ = Job::Stage::kIdle;
}

void MaskThread::remove(const Job& job) { queue_.erase(std::ranges::find(queue_, &job)); }

void MaskThread::loop(const std::stop_token& stopping) {
  std::unique_lock lock(mutex_);
  while (posted_.wait(lock, stopping, [&] { return !queue_.empty(); })) {
    Job& job = *queue_.front();
    queue_.pop_front();
    job.stage_ = Job::Stage::kRunning;
    lock.unlock();
    job.run();
    lock.lock();
    job.stage_ = Job::Stage::kDone;
    ran_.notify_all();
  }
}

}  // namespace spyre::engine
