#include "engine/job.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace spyre::engine {

namespace {

std::optional<double> earlier(std::optional<double> a, std::optional<double> b) {
  return a && b ? std::min(*a, *b) : (a ? a : b);
}

}  // namespace

std::vector<Request> split(Request request, int64_t most_sequences) {
  std::vector<Request> parts;
  const int32_t choices = request.params.n;
  if (request.beam || choices <= most_sequences) {
    parts.push_back(std::move(request));
    return parts;
  }
  const auto most = static_cast<int32_t>(most_sequences);
  for (int32_t first = 0; first < choices; first += most) {
    parts.push_back(request);
    parts.back().first_choice = request.first_choice + first;
    parts.back().params.n = std::min(most, choices - first);
  }
  return parts;
}

Job::Job(RequestId first_id, std::vector<Request> parts, std::shared_ptr<Listener> listener)
    : id_(first_id),
      num_parts_(static_cast<int64_t>(parts.size())),
      prompt_tokens_(static_cast<int64_t>(parts[0].prompt.size())),
      parts_(std::move(parts)),
      listener_(std::move(listener)) {}

bool Job::begin() { return !std::exchange(begun_, true); }

// Listeners are written elsewhere; what one throws is its request's matter alone.
template <typename Call>
bool Job::guarded(Call&& call) {
  if (listener_threw_) return false;
  try {
    call();
    return true;
  } catch (const std::exception& exception) {
    log::error("request {}: its listener threw '{}'; the request is aborted", id_,
               exception.what());
  } catch (...) {
    log::error("request {}: its listener threw; the request is aborted", id_);
  }
  listener_threw_ = true;
  return false;
}

bool Job::on_prompt(std::span<const TokenOutput> prompt_logprobs) {
  if (std::exchange(prompt_told_, true)) return !listener_threw_;
  return guarded([&] { listener_->on_prompt(id_, prompt_logprobs); });
}

bool Job::on_delta(const Delta& delta) {
  return guarded([&] { listener_->on_delta(id_, delta); });
}

bool Job::add_report(const RequestReport& report) {
  if (reports_ == 0) {
    report_ = report;
    report_.id = id_;
  } else {
    report_.generated_tokens += report.generated_tokens;
    report_.n += report.n;
    report_.failed = report_.failed || report.failed;
    if (report.finish_reason == sample::FinishReason::kAbort) {
      report_.finish_reason = report.finish_reason;
    }
    report_.scheduled_s = earlier(report_.scheduled_s, report.scheduled_s);
    report_.first_token_s = earlier(report_.first_token_s, report.first_token_s);
    report_.last_token_s = std::max(report_.last_token_s, report.last_token_s);
    report_.finished_s = std::max(report_.finished_s, report.finished_s);
    report_.interrupted_s += report.interrupted_s;
    report_.preemptions += report.preemptions;
  }
  return ++reports_ == num_parts_;
}

bool Job::add_output(RequestOutput output) {
  if (outputs_ == 0) {
    output_ = std::move(output);
  } else {
    auto& all = output_.completions;
    for (Completion& each : output.completions) all.push_back(std::move(each));
    if (output_.prompt_logprobs.empty())
      output_.prompt_logprobs = std::move(output.prompt_logprobs);
    output_.timings.decode_seconds += output.timings.decode_seconds;
    if (!output_.error) output_.error = std::move(output.error);
  }
  return ++outputs_ == num_parts_;
}

void Job::finish() {
  if (num_parts_ > 1) std::ranges::sort(output_.completions, {}, &Completion::index);
  guarded([&] { listener_->on_finished(id_, std::move(output_)); });
  listener_.reset();
}

}  // namespace spyre::engine
