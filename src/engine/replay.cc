#include "engine/replay.h"

namespace spyre::engine {

namespace {

class Replay {
 public:
  Replay(std::span<const TraceRequest> trace, ReplayTarget& target, const ReplayWriter& write)
      : trace_(trace), target_(target), write_(write) {}

  // One step and its line; false after the last.
  Result<bool> step() {
    Json rejected = Json::array();
    while (arrived_ < trace_.size() && trace_[arrived_].arrival_step <= number_) {
      add(arrived_++, rejected);
    }
    const schedule::Snapshot before = target_.snapshot();
    SPYRE_TRY_ASSIGN(ReplayedStep step, target_.step());
    write_(row(before, step, std::move(rejected)));
    for (const RequestId id : step.finished) add_result(id);
    const bool idle = step.kind == schedule::StepKind::kIdle;
    last_ = std::move(step);
    ++number_;
    return !(idle && before.tkv == 0 && arrived_ == trace_.size());
  }

  void write_results() { write_(Json{{"results", std::move(results_)}}); }

 private:
  void add(size_t index, Json& rejected) {
    const Status status = target_.add(index, trace_[index]);
    if (status) return;
    rejected.push_back({{"id", trace_[index].id}, {"error", status.error().message}});
  }

  Json names(const std::vector<RequestId>& ids) const {
    Json list = Json::array();
    for (const RequestId id : ids) list.push_back(trace_[id].id);
    return list;
  }

  Json row(const schedule::Snapshot& before, const ReplayedStep& step, Json rejected) const {
    Json line = {{"step", number_},
                 {"kind", name(step.kind)},
                 {"tkv", before.tkv},
                 {"waiting", names(before.waiting)},
                 {"running", names(before.running)},
                 {"paused", names(before.paused)},
                 {"outputs", names(last_.outputs)},
                 {"finished", names(last_.finished)},
                 {"rejected", std::move(rejected)},
                 {"shape", nullptr},
                 {"blocks_used", before.blocks_used},
                 {"blocks_reserved", before.blocks_reserved},
                 {"block_tables", Json::object()}};
    if (step.shape) {
      line["shape"] = {step.shape->prompt_tokens, step.shape->new_tokens, step.shape->batch_size};
    }
    for (const auto& [id, blocks] : before.block_tables) {
      line["block_tables"][trace_[id].id] = blocks;
    }
    return line;
  }

  void add_result(RequestId id) {
    const auto answers = target_.take_answers(id);
    Json& result = results_[trace_[id].id];
    if (!answers) {
      result = {{"error", answers.error().message}};
      return;
    }
    const auto json = [](const ReplayedAnswer& answer) -> Json {
      return {{"token_ids", answer.token_ids}, {"finish_reason", name(answer.finish_reason)}};
    };
    result = json(answers->at(0));
    if (answers->size() == 1) return;
    for (const ReplayedAnswer& each : *answers) result["choices"].push_back(json(each));
  }

  const std::span<const TraceRequest> trace_;
  ReplayTarget& target_;
  const ReplayWriter& write_;
  int64_t number_ = 0;
  size_t arrived_ = 0;
  ReplayedStep last_;
  Json results_ = Json::object();
};

}  // namespace

Status replay(std::span<const TraceRequest> trace, ReplayTarget& target, const ReplayWriter& write,
              const ReplayStop& stopped) {
  Replay run(trace, target, write);
  while (true) {
    if (stopped()) return error(Code::kCancelled, "the replay was interrupted");
    SPYRE_TRY_ASSIGN(const bool more, run.step());
    if (!more) break;
  }
  run.write_results();
  return {};
}

}  // namespace spyre::engine
