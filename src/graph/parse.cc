// The inverse of print(): a line at a time, by a cursor that never reads past the text. Each node
// is verified as it is read, so that an error has its line and whatever is accepted passes
// verify().
#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "graph/graph.h"
#include "graph/op_table.h"
#include "graph/verifier.h"

namespace spyre::graph {

namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

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
    while (length < rest_.size() && (is_letter_or_digit(rest_[length]) || rest_[length] == '_')) {
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

  // T: double, float or int64_t, in decimal.
  template <typename T>
  Result<T> number() {
    skip_blanks();
    T value{};
    const char* end = rest_.data() + rest_.size();
    const auto [stop, failure] = std::from_chars(rest_.data(), end, value);
    if (failure != std::errc() || !std::isfinite(static_cast<double>(value))) {
      return error(Code::kInvalidArgument, "wanted {}, found '{}'",
                   std::is_integral_v<T> ? "an integer" : "a finite number", rest_.substr(0, 20));
    }
    rest_.remove_prefix(static_cast<size_t>(stop - rest_.data()));
    return value;
  }

  Result<NodeId> id() {
    SPYRE_TRY(expect("%"));
    SPYRE_TRY_ASSIGN(const int64_t value, number<int64_t>());
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
    SPYRE_TRY_ASSIGN(const int64_t dim, cursor.number<int64_t>());
    type.dims.push_back(dim);
  } while (cursor.take(","));
  SPYRE_TRY(cursor.expect("]"));
  return type;
}

Status parse_values(Cursor& cursor, Node& node) {
  SPYRE_TRY(cursor.expect("{"));
  do {
    SPYRE_TRY_ASSIGN(const float value, cursor.number<float>());
    node.values.push_back(value);
  } while (cursor.take(","));
  return cursor.expect("}");
}

Result<Op> parse_op(Cursor& cursor) {
  SPYRE_TRY_ASSIGN(const std::string_view word, cursor.word());
  const auto op = op_named(word);
  if (!op) return error(Code::kInvalidArgument, "unknown op '{}'", word);
  return *op;
}

Result<double> parse_attribute_value(Cursor& cursor, Attribute attribute) {
  if (attribute != Attribute::kActivation) return cursor.number<double>();
  SPYRE_TRY_ASSIGN(const Op op, parse_op(cursor));
  return static_cast<double>(op);
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
    SPYRE_TRY_ASSIGN(const double value, parse_attribute_value(cursor, *attribute));
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
  Node node;
  SPYRE_TRY_ASSIGN(node.op, parse_op(cursor));
  if (info(node.op).is_leaf()) {
    SPYRE_TRY_ASSIGN(node.name, cursor.quoted());
    if (node.op == Op::kConstant) SPYRE_TRY(parse_values(cursor, node));
  } else {
    SPYRE_TRY(parse_inputs_and_attributes(cursor, node));
  }
  SPYRE_TRY(cursor.expect(":"));
  SPYRE_TRY_ASSIGN(node.type, parse_type(cursor));
  return node;
}

Result<std::vector<NodeId>> parse_outputs(Cursor& cursor) {
  std::vector<NodeId> outputs;
  do {
    SPYRE_TRY_ASSIGN(const NodeId output, cursor.id());
    outputs.push_back(output);
  } while (cursor.take(","));
  return outputs;
}

Status parse_line(Cursor& cursor, Verifier& verifier, Graph& graph) {
  if (!graph.outputs().empty()) {
    return error(Code::kInvalidArgument, "text after the return line");
  }
  if (cursor.take("return")) {
    SPYRE_TRY_ASSIGN(std::vector<NodeId> outputs, parse_outputs(cursor));
    graph.set_outputs(std::move(outputs));
    SPYRE_TRY(check_outputs(graph));
  } else {
    SPYRE_TRY_ASSIGN(Node node, parse_node(cursor, graph.nodes().size()));
    SPYRE_TRY(verifier.check(graph.nodes(), node));
    graph.append(std::move(node));
  }
  if (cursor.at_end()) return {};
  return error(Code::kInvalidArgument, "text after the end of the line's node or outputs");
}

}  // namespace

Result<Graph> parse(std::string_view text) {
  Graph graph;
  Verifier verifier;
  size_t line = 1;
  for (; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    Cursor cursor(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (cursor.at_end()) continue;
    const Status read = parse_line(cursor, verifier, graph);
    if (!read) {
      return error(Code::kInvalidArgument, "graph text, line {}: {}", line, read.error().message);
    }
  }
  if (graph.outputs().empty()) {
    return error(Code::kInvalidArgument, "graph text, line {}: it ends without a return line",
                 line);
  }
  return graph;
}

}  // namespace spyre::graph
