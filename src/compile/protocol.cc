// A request is JSON, constants as hexadecimal bytes. An answer is a line of JSON with the lengths
// of what follows it: code, LLVM's text, assembly.
#include "compile/protocol.h"

#include <cstring>

#include "base/json.h"

namespace spyre::compile {

namespace {

constexpr size_t kLongestLine = size_t{1} << 20;
constexpr int64_t kMostBytes = int64_t{256} << 20;

std::string hex_of(const kernels::Piece& piece) {
  std::string text;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&piece);
  for (size_t i = 0; i < sizeof(piece); ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

int digit(char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; }

Result<kernels::Piece> piece_of(const std::string& hex) {
  if (hex.size() != 2 * sizeof(kernels::Piece) ||
      hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return error(Code::kDataLoss, "a piece of {} hexadecimal digits, not {}", hex.size(),
                 2 * sizeof(kernels::Piece));
  }
  kernels::Piece piece;
  auto* bytes = reinterpret_cast<unsigned char*>(&piece);
  for (size_t i = 0; i < sizeof(piece); ++i) {
    bytes[i] = static_cast<unsigned char>(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  }
  return piece;
}

Result<Routine> routine_of(const Json& json) {
  Routine routine;
  routine.rows = json.value("rows", int64_t{0});
  routine.one_by_one = json.value("one_by_one", false);
  for (const Json& each : json.at("calls")) {
    const auto kind = each.value("kind", size_t{kernels::kPieceNames.size()});
    const auto format = each.value("format", size_t{kNumFormats});
    if (kind >= kernels::kPieceNames.size() || format >= kNumFormats) {
      return error(Code::kDataLoss, "a piece of no kind or format");
    }
    SPYRE_TRY_ASSIGN(const kernels::Piece piece, piece_of(each.value("constants", "")));
    routine.calls.push_back({.kind = static_cast<kernels::PieceKind>(kind),
                             .format = static_cast<Format>(format),
                             .piece = piece});
  }
  return routine;
}

}  // namespace

std::string to_text(const CompileRequest& request) {
  Json routines = Json::array();
  for (const Routine& routine : request.routines) {
    Json calls = Json::array();
    for (const kernels::PieceCall& call : routine.calls) {
      calls.push_back({{"kind", static_cast<int>(call.kind)},
                       {"format", static_cast<int>(call.format)},
                       {"constants", hex_of(call.piece)}});
    }
    routines.push_back(
        {{"rows", routine.rows}, {"one_by_one", routine.one_by_one}, {"calls", calls}});
  }
  return Json({{"isa", static_cast<int>(request.isa)},
               {"threads", request.threads},
               {"keep_text", request.keep_text},
               {"routines", routines}})
      .dump();
}

Result<CompileRequest> parse_request(std::string_view text) {
  SPYRE_TRY_ASSIGN(const Json json, parse_json(text, "request"));
  CompileRequest request;
  try {
    request.isa = static_cast<kernels::Isa>(json.at("isa").get<int>());
    request.threads = json.at("threads").get<int>();
    request.keep_text = json.at("keep_text").get<bool>();
    for (const Json& each : json.at("routines")) {
      SPYRE_TRY_ASSIGN(Routine routine, routine_of(each));
      request.routines.push_back(std::move(routine));
    }
  } catch (const Json::exception& e) {
    return error(Code::kDataLoss, "request: {}", e.what());
  }
  if (kernels::name(request.isa).empty()) {
    return error(Code::kDataLoss, "request: no such instruction set");
  }
  return request;
}

std::string to_text(const CompileAnswer& answer) {
  const CompiledRoutine& result = answer.result;
  const std::string& code = result.code ? result.code->bytes : std::string();
  const Json line = {{"routine", answer.routine},
                     {"why", result.why},
                     {"seconds", result.seconds},
                     {"entry", result.code ? result.code->entry : -1},
                     {"code_bytes", code.size()},
                     {"llvm_bytes", result.llvm.size()},
                     {"assembly_bytes", result.assembly.size()}};
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n" + code + result.llvm +
         result.assembly;
}

Result<std::optional<CompileAnswer>> take_answer(std::string& bytes) {
  const size_t end = bytes.find('\n');
  if (end == std::string::npos) {
    if (bytes.size() > kLongestLine) return error(Code::kDataLoss, "answer: a line without end");
    return std::nullopt;
  }
  SPYRE_TRY_ASSIGN(const Json line, parse_json(std::string_view(bytes).substr(0, end), "answer"));
  CompileAnswer answer;
  int64_t lengths[3] = {};
  int64_t entry = -1;
  try {
    answer.routine = line.at("routine").get<int64_t>();
    answer.result.why = line.at("why").get<std::string>();
    answer.result.seconds = line.at("seconds").get<double>();
    entry = line.at("entry").get<int64_t>();
    lengths[0] = line.at("code_bytes").get<int64_t>();
    lengths[1] = line.at("llvm_bytes").get<int64_t>();
    lengths[2] = line.at("assembly_bytes").get<int64_t>();
  } catch (const Json::exception& e) {
    return error(Code::kDataLoss, "answer: {}", e.what());
  }
  for (const int64_t length : lengths) {
    if (length < 0 || length > kMostBytes) return error(Code::kDataLoss, "answer: a bad length");
  }
  if (entry >= lengths[0]) return error(Code::kDataLoss, "answer: an entry outside the code");
  const auto total = static_cast<size_t>(lengths[0] + lengths[1] + lengths[2]);
  if (bytes.size() - end - 1 < total) return std::nullopt;
  size_t at = end + 1;
  const auto take = [&](int64_t length) {
    std::string part = bytes.substr(at, static_cast<size_t>(length));
    at += static_cast<size_t>(length);
    return part;
  };
  std::string code = take(lengths[0]);
  if (entry >= 0) answer.result.code = MachineCode{.bytes = std::move(code), .entry = entry};
  answer.result.llvm = take(lengths[1]);
  answer.result.assembly = take(lengths[2]);
  bytes.erase(0, at);
  return answer;
}

}  // namespace spyre::compile
