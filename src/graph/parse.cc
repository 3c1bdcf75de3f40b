// The inverse of print(): a line at a time, by a cursor that never reads past the text. Whatever it
// accepts passes verify().
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "graph/graph.h"
#include "graph/op_table.h"

namespace spyre::graph {

namespace {

class Cursor {
 public:
  explicit Cursor(std::string_view line) : rest_(line) {}

  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

  bool take(std::string_view token) {
    skip_blanks();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  Status expect(std::string_view token) {
    if (take(token)) return {};
    return error(Code::kInvalidArgument, "wanted '{}', found '{}'", token, rest_.substr(0, 20));
  }

  Result<std::string_view> word() {
    skip_blanks();
    size_t length = 0;
    while (length < rest_.size() &&
           (std::isalnum(static_cast<unsigned char>(rest_[length])) || rest_[length] == '_')) {
      ++length;
    }
    return cut(length, "a word");
  }

  Result<std::string_view> quoted() {
    SPYRE_TRY(expect("\""));
    const size_t end = rest_.find('"');
    if (end == std::string_view::npos) {
      return error(Code::kInvalidArgument, "a quoted name does not end");
    }
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }

  // A decimal integer or a decimal or hexadecimal real.
  Result<double> number() {
    skip_blanks();
    size_t length = 0;
    while (length < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[length])) ||
                                     std::string_view("+-.").contains(rest_[length]))) {
      ++length;
    }
    SPYRE_TRY_ASSIGN(const std::string_view token, cut(length, "a number"));
    const std::string text(token);  // strtod wants an end
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (end != text.c_str() + text.size() || !std::isfinite(value)) {
      return error(Code::kInvalidArgument, "wanted a finite number, found '{}'", text);
    }
    return value;
  }

  Result<int64_t> integer() {
    SPYRE_TRY_ASSIGN(const double value, number());
    constexpr double kLargest = 0x1p53;
    if (value != std::floor(value) || std::abs(value) > kLargest) {
      return error(Code::kInvalidArgument, "wanted an integer, found {}", value);
    }
    return static_cast<int64_t>(value);
  }

  Result<NodeId> id() {
    SPYRE_TRY(expect("%"));
    SPYRE_TRY_ASSIGN(const int64_t value, integer());
    if (value < 0 || value > INT32_MAX) {
      return error(Code::kInvalidArgument, "%{} is not a node", value);
    }
    return static_cast<NodeId>(value);
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
      rest_.remove_prefix(1);
    }
  }

  Result<std::string_view> cut(size_t length, std::string_view what) {
    if (length == 0) {
      return error(Code::kInvalidArgument, "wanted {}, found '{}'", what, rest_.substr(0, 20));
    }
    const std::string_view text = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return text;
  }

  std::string_view rest_;
};

Result<Type> parse_type(Cursor& cursor) {
  Type type;
  SPYRE_TRY_ASSIGN(const std::string_view dtype, cursor.word());
  if (dtype != "f32" && dtype != "i32") {
    return error(Code::kInvalidArgument, "wanted f32 or i32, found '{}'", dtype);
  }
  type.dtype = dtype == "f32" ? DType::kF32 : DType::kI32;
  SPYRE_TRY(cursor.expect("["));
  do {
    SPYRE_TRY_ASSIGN(const int64_t dim, cursor.integer());
    type.dims.push_back(dim);
  } while (cursor.take(","));
  SPYRE_TRY(cursor.expect("]"));
  return type;
}

Status parse_values(Cursor& cursor, Node& node) {
  SPYRE_TRY(cursor.expect("{"));
  do {
    SPYRE_TRY_ASSIGN(const double value, cursor.number());
    node.values.push_back(static_cast<float>(value));
  } while (cursor.take(","));
  return cursor.expect("}");
}

Status parse_inputs_and_attributes(Cursor& cursor, Node& node) {
  SPYRE_TRY(cursor.expect("("));
  do {
    SPYRE_TRY_ASSIGN(const NodeId input, cursor.id());
    node.inputs.push_back(input);
  } while (cursor.take(","));
  SPYRE_TRY(cursor.expect(")"));
  if (!cursor.take("{")) return {};
  do {
    SPYRE_TRY_ASSIGN(const std::string_view word, cursor.word());
    const auto attribute = attribute_named(word);
    if (!attribute) return error(Code::kInvalidArgument, "unknown attribute '{}'", word);
    SPYRE_TRY(cursor.expect("="));
    SPYRE_TRY_ASSIGN(const double value, cursor.number());
    node.attributes.push_back({*attribute, value});
  } while (cursor.take(","));
  return cursor.expect("}");
}

Result<Node> parse_node(Cursor& cursor, size_t next_id) {
  SPYRE_TRY_ASSIGN(const NodeId id, cursor.id());
  if (static_cast<size_t>(id) != next_id) {
    return error(Code::kInvalidArgument, "wanted node %{}, found %{}", next_id, id);
  }
  SPYRE_TRY(cursor.expect("="));
  SPYRE_TRY_ASSIGN(const std::string_view word, cursor.word());
  const auto op = op_named(word);
  if (!op) return error(Code::kInvalidArgument, "unknown op '{}'", word);
  Node node;
  node.op = *op;
  if (info(*op).max_inputs == 0) {
    SPYRE_TRY_ASSIGN(node.name, cursor.quoted());
    if (*op == Op::kConstant) SPYRE_TRY(parse_values(cursor, node));
  } else {
    SPYRE_TRY(parse_inputs_and_attributes(cursor, node));
  }
  SPYRE_TRY(cursor.expect(":"));
  SPYRE_TRY_ASSIGN(node.type, parse_type(cursor));
  return node;
}

Status parse_line(Cursor& cursor, Graph& graph) {
  if (!graph.outputs().empty()) {
    return error(Code::kInvalidArgument, "text after the return line");
  }
  if (cursor.take("return")) {
    std::vector<NodeId> outputs;
    do {
      SPYRE_TRY_ASSIGN(const NodeId output, cursor.id());
      outputs.push_back(output);
    } while (cursor.take(","));
    graph.set_outputs(std::move(outputs));
  } else {
    SPYRE_TRY_ASSIGN(Node node, parse_node(cursor, graph.nodes().size()));
    graph.append(std::move(node));
  }
  if (!cursor.at_end()) return error(Code::kInvalidArgument, "text after the end of the node");
  return {};
}

}  // namespace

Result<Graph> parse(std::string_view text) {
  Graph graph;
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    Cursor cursor(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (cursor.at_end()) continue;
    const Status read = parse_line(cursor, graph);
    if (!read) {
      return error(Code::kInvalidArgument, "graph text, line {}: {}", line, read.error().message);
    }
  }
  SPYRE_TRY(verify(graph));
  return graph;
}

}  // namespace spyre::graph
