#include "base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <sstream>

namespace spyre {

namespace {

// Aliases can make a short text a huge tree, or one without end.
constexpr int kMostNodes = 100'000;
constexpr size_t kMostTextBytes = size_t{8} << 20;
constexpr int kDeepest = 200;

// Looks at a document without keeping it.
class Passer final : public YAML::EventHandler {
  using Mark = YAML::Mark;
  using Style = YAML::EmitterStyle::value;
  using Anchor = YAML::anchor_t;
  using Text = std::string;

  void OnDocumentStart(const Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const Mark&, Anchor) override {}
  void OnAlias(const Mark&, Anchor) override {}
  void OnScalar(const Mark&, const Text&, Anchor, const Text&) override {}
  void OnSequenceStart(const Mark&, const Text&, Anchor, Style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const Mark&, const Text&, Anchor, Style) override {}
  void OnMapEnd() override {}
};

// Not with YAML::LoadAll: in front of what begins no document ("," is enough) it never ends.
bool is_one_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Passer passer;
  parser.HandleNextDocument(passer);
  return !parser;
}

// What YAML does not allow in a text, and the library takes for a text's end or for a blank.
Status check_characters(std::string_view text, std::string_view source) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool allowed = byte >= ' ' || byte == '\t' || byte == '\n' || byte == '\r';
    if (allowed && byte != 0x7f) continue;
    return error(Code::kInvalidArgument, "{}, line {}: wanted text, found the byte 0x{:02x}",
                 source, std::ranges::count(text.substr(0, i), '\n') + 1, byte);
  }
  return {};
}

class Copier {
 public:
  explicit Copier(std::string_view source) : source_(source) {}

  Result<Yaml> copy(const YAML::Node& node, int depth) {
    Yaml yaml;
    yaml.line = node.Mark().line + 1;
    if (node.IsScalar()) text_bytes_ += node.Scalar().size();
    if (++nodes_ > kMostNodes || text_bytes_ > kMostTextBytes || depth > kDeepest) {
      return error(Code::kInvalidArgument,
                   "{}, line {}: wanted at most {} values, at most {} inside one another, at most "
                   "{} bytes of text",
                   source_, yaml.line, kMostNodes, kDeepest, kMostTextBytes);
    }
    if (node.IsScalar()) {
      yaml.kind = Yaml::Kind::kScalar;
      yaml.text = node.Scalar();
      yaml.quoted = node.Tag() == "!";
    } else if (node.IsSequence()) {
      yaml.kind = Yaml::Kind::kList;
      for (const auto& item : node) {
        SPYRE_TRY_ASSIGN(Yaml copied, copy(item, depth + 1));
        yaml.items.push_back(std::move(copied));
      }
    } else if (node.IsMap()) {
      yaml.kind = Yaml::Kind::kMap;
      SPYRE_TRY(copy_entries(node, depth, yaml));
    }
    return yaml;
  }

 private:
  Status copy_entries(const YAML::Node& node, int depth, Yaml& yaml) {
    std::vector<Yaml> merged;
    for (const auto& entry : node) {
      SPYRE_TRY_ASSIGN(Yaml key, copy(entry.first, depth + 1));
      SPYRE_TRY_ASSIGN(Yaml value, copy(entry.second, depth + 1));
      if (key.is_scalar() && key.text == "<<" && !key.quoted) {
        SPYRE_TRY(add_merged(std::move(value), merged));
      } else {
        yaml.entries.push_back({std::move(key), std::move(value)});
      }
    }
    if (merged.empty()) return {};
    std::set<std::string> own;
    for (const auto& [key, value] : yaml.entries) own.insert(key.text);
    for (Yaml& map : merged) {
      for (auto& [key, value] : map.entries) {
        if (own.insert(key.text).second) yaml.entries.push_back({key, std::move(value)});
      }
    }
    return {};
  }

  // https://yaml.org/type/merge.html: a map or a list of maps.
  Status add_merged(Yaml value, std::vector<Yaml>& merged) const {
    std::vector<Yaml> maps;
    if (value.is_list()) {
      maps = std::move(value.items);
    } else {
      maps.push_back(std::move(value));
    }
    for (Yaml& map : maps) {
      if (!map.is_map()) {
        return error(Code::kInvalidArgument, "{}, line {}: wanted keys with values to merge by <<",
                     source_, map.line);
      }
      merged.push_back(std::move(map));
    }
    return {};
  }

  const std::string_view source_;
  int nodes_ = 0;
  size_t text_bytes_ = 0;
};

}  // namespace

const Yaml* Yaml::find(std::string_view key) const {
  const auto found = std::ranges::find_if(entries, [&](const YamlEntry& entry) {
    return entry.key.is_scalar() && entry.key.text == key;
  });
  return found == entries.end() ? nullptr : &found->value;
}

Result<Yaml> parse_yaml(std::string_view text, std::string_view source) {
  SPYRE_TRY(check_characters(text, source));
  // The library's only way to tell of errors.
  try {
    const std::string document(text);
    if (!is_one_document(document)) {
      return error(Code::kInvalidArgument, "{}: wanted one YAML document, found more", source);
    }
    return Copier(source).copy(YAML::Load(document), 1);
  } catch (const YAML::Exception& exception) {
    return error(Code::kInvalidArgument, "{}, line {}: not YAML: {}", source,
                 exception.mark.line + 1, exception.msg);
  }
}

Result<Json> to_json(const Yaml& yaml, std::string_view source) {
  switch (yaml.kind) {
    case Yaml::Kind::kNull:
      return nullptr;
    case Yaml::Kind::kScalar: {
      if (yaml.quoted) return yaml.text;
      const auto plain = parse_json(yaml.text, source);
      return plain && !plain->is_structured() ? *plain : Json(yaml.text);
    }
    case Yaml::Kind::kList: {
      Json list = Json::array();
      for (const Yaml& item : yaml.items) {
        SPYRE_TRY_ASSIGN(Json member, to_json(item, source));
        list.push_back(std::move(member));
      }
      return list;
    }
    case Yaml::Kind::kMap:
      break;
  }
  Json object = Json::object();
  for (const auto& [key, value] : yaml.entries) {
    if (!key.is_scalar()) {
      return error(Code::kInvalidArgument, "{}, line {}: wanted text as the key of an object",
                   source, key.line);
    }
    SPYRE_TRY_ASSIGN(object[key.text], to_json(value, source));
  }
  return object;
}

}  // namespace spyre
