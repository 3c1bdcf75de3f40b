#include "compile/tuning.h"

#include <algorithm>
#include <map>

#include "base/json.h"
#include "compile/program.h"

namespace spyre::compile {

namespace {

using kernels::PieceKind;

constexpr int64_t kMostBytes = int64_t{1} << 30;

bool is_matmul(const kernels::PieceCall& call) {
  switch (call.kind) {
    case PieceKind::kMatmulF32:
    case PieceKind::kMatmulBF16:
    case PieceKind::kMatmulInt8:
    case PieceKind::kExpertsF32:
    case PieceKind::kExpertsBF16:
    case PieceKind::kExpertsInt8:
      return true;
    default:
      return false;
  }
}

const kernels::PieceCall* first_matmul(const Program& program, const Phase& phase) {
  for (const Task& task : phase.tasks) {
    const auto& calls = program.routines[task.routine].calls;
    const auto found = std::ranges::find_if(calls, is_matmul);
    if (found != calls.end()) return &*found;
  }
  return nullptr;
}

PhaseTuning tuning_of(const Program& program, const Phase& phase) {
  const kernels::Piece& piece = first_matmul(program, phase)->piece;
  return {.prefetch_bytes = piece.prefetch_bytes,
          .pass_bytes = piece.pass_bytes,
          .chunk_bytes = phase.chunk_bytes};
}

Result<PhaseTuning> phase_tuning_of(const Json& json) {
  if (!json.is_array() || json.size() != 3)
    return error(Code::kDataLoss, "tuning: no three numbers");
  int64_t values[3] = {};
  for (size_t i = 0; i < 3; ++i) {
    if (!json[i].is_number_integer()) return error(Code::kDataLoss, "tuning: no whole number");
    values[i] = json[i].get<int64_t>();
    if (values[i] < 0 || values[i] > kMostBytes) {
      return error(Code::kDataLoss, "tuning: {} bytes", values[i]);
    }
  }
  return PhaseTuning{
      .prefetch_bytes = values[0], .pass_bytes = values[1], .chunk_bytes = values[2]};
}

}  // namespace

std::vector<int64_t> phase_kinds(const Program& program) {
  std::map<std::vector<size_t>, int64_t> numbers;
  std::vector<int64_t> kinds;
  for (const Phase& phase : program.phases) {
    if (first_matmul(program, phase) == nullptr) {
      kinds.push_back(-1);
      continue;
    }
    kinds.push_back(numbers.emplace(routines_of(phase), std::ssize(numbers)).first->second);
  }
  return kinds;
}

Tuning tuning_of(const Program& program) {
  const std::vector<int64_t> kinds = phase_kinds(program);
  Tuning tuning;
  for (size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] == std::ssize(tuning)) tuning.push_back(tuning_of(program, program.phases[i]));
  }
  return tuning;
}

void apply(Program& program, const Tuning& tuning) {
  const std::vector<int64_t> kinds = phase_kinds(program);
  std::vector<Routine> routines;
  const auto keep = [&](Task& task, const PhaseTuning* wanted) {
    Routine routine = program.routines[task.routine];
    for (kernels::PieceCall& call : routine.calls) {
      if (wanted == nullptr || !is_matmul(call)) continue;
      call.piece.prefetch_bytes = wanted->prefetch_bytes;
      call.piece.pass_bytes = wanted->pass_bytes;
    }
    const auto found = std::ranges::find(routines, routine);
    task.routine = static_cast<size_t>(found - routines.begin());
    if (found == routines.end()) routines.push_back(std::move(routine));
  };
  for (size_t i = 0; i < kinds.size(); ++i) {
    Phase& phase = program.phases[i];
    const PhaseTuning* wanted = kinds[i] < 0 ? nullptr : &tuning[static_cast<size_t>(kinds[i])];
    if (wanted != nullptr) phase.chunk_bytes = wanted->chunk_bytes;
    if (phase.prologue) keep(*phase.prologue, wanted);
    for (Task& task : phase.tasks) keep(task, wanted);
  }
  program.routines = std::move(routines);
}

std::string to_text(const Tuning& tuning) {
  Json kinds = Json::array();
  for (const PhaseTuning& each : tuning) {
    kinds.push_back({each.prefetch_bytes, each.pass_bytes, each.chunk_bytes});
  }
  return Json({{"tuning", kinds}}).dump() + "\n";
}

Result<Tuning> parse_tuning(std::string_view line) {
  SPYRE_TRY_ASSIGN(const Json json, parse_json(line, "tuning"));
  const auto kinds = json.is_object() ? json.find("tuning") : json.end();
  if (kinds == json.end() || !kinds->is_array()) {
    return error(Code::kDataLoss, "tuning: wanted a list");
  }
  Tuning tuning;
  for (const Json& each : *kinds) {
    SPYRE_TRY_ASSIGN(const PhaseTuning phase, phase_tuning_of(each));
    tuning.push_back(phase);
  }
  return tuning;
}

}  // namespace spyre::compile
