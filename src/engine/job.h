// A request of the asynchronous engine: the parts it runs in, and one answer made of theirs. Lives
// on the engine's thread once it has left the queue.
#pragma once

#include <memory>
#include <vector>

#include "engine/clock.h"
#include "engine/listener.h"
#include "engine/observer.h"
#include "engine/request.h"

namespace spyre::engine {

// The request cut into parts of at most `most_sequences` choices each, in the order of choices.
// Beams run together. most_sequences: at least 1.
std::vector<Request> split(Request request, int64_t most_sequences);

class Job {
 public:
  // first_id: of the first part; the others follow. Parts: at least one.
  Job(RequestId first_id, std::vector<Request> parts, std::shared_ptr<Listener> listener);

  RequestId id() const { return id_; }  // the listener's, and of the first part
  int64_t num_parts() const { return num_parts_; }
  int64_t prompt_tokens() const { return prompt_tokens_; }
  Clock::time_point arrival() const { return arrival_; }
  std::vector<Request> take_parts() { return std::move(parts_); }

  // True for the first part that begins.
  bool begin();

  // What a part was told, told on. False: the listener has thrown, now or before.
  bool on_prompt(std::span<const TokenOutput> prompt_logprobs);
  bool on_delta(const Delta& delta);

  // The end of a part. True when it was the last: then the report of the whole, and the last call
  // of the listener.
  bool add_report(const RequestReport& report);
  const RequestReport& report() const { return report_; }
  bool add_output(RequestOutput output);
  bool failed() const { return output_.error.has_value(); }
  void finish();

 private:
  template <typename Call>
  bool guarded(Call&& call);

  const RequestId id_;
  const int64_t num_parts_;
  const int64_t prompt_tokens_;
  const Clock::time_point arrival_ = Clock::now();
  std::vector<Request> parts_;
  std::shared_ptr<Listener> listener_;
  bool begun_ = false;
  bool prompt_told_ = false;
  bool listener_threw_ = false;
  int64_t reports_ = 0;
  int64_t outputs_ = 0;
  RequestReport report_;
  RequestOutput output_;
};

}  // namespace spyre::engine
