#include "hub/model_id.h"

#include <algorithm>

namespace spyre::hub {

namespace {

constexpr size_t kMaxNameBytes = 96;  // the hub's own limit
constexpr size_t kMaxPathBytes = 1024;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

// Names become folder names joined by "--" and address parts, hence the hub's rules.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && std::ranges::all_of(text, is_word) &&
         text.front() != '.' && text.front() != '-' && text.back() != '.' && text.back() != '-' &&
         !text.contains("--") && !text.contains("..");
}

bool is_repo(std::string_view text) {
  const size_t slash = text.find('/');
  return slash != std::string_view::npos && is_name(text.substr(0, slash)) &&
         is_name(text.substr(slash + 1));
}

bool is_revision(std::string_view text) {
  return is_safe_path(text) &&
         std::ranges::all_of(text, [](char c) { return is_word(c) || c == '/' || c == '+'; });
}

}  // namespace

bool is_commit(std::string_view revision) {
  return revision.size() == 40 && std::ranges::all_of(revision, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool is_safe_path(std::string_view path) {
  if (path.empty() || path.size() > kMaxPathBytes) return false;
  const auto bad = [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '\\'; };
  if (std::ranges::any_of(path, bad)) return false;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

std::string ModelId::text() const {
  std::string text = repo;
  if (revision != "main") text += "@" + revision;
  if (!gguf.empty()) text += ":" + gguf;
  return text;
}

Result<ModelId> parse_model_id(std::string_view text, std::string_view revision) {
  const auto wrong = [&](std::string_view what) {
    return error(Code::kInvalidArgument,
                 "'{}': {}; a model of the hub is named org/name, org/name@revision or "
                 "org/name:file.gguf (or :Q4_0 and the like)",
                 text, what);
  };
  ModelId id;
  std::string_view rest = text;
  if (const size_t colon = rest.find(':'); colon != std::string_view::npos) {
    id.gguf = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!is_safe_path(id.gguf)) return wrong("what follows ':' is no file name");
  }
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    id.revision = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!is_revision(id.revision)) return wrong("what follows '@' is no revision");
    if (!revision.empty() && revision != id.revision) {
      return error(Code::kInvalidArgument, "'{}' names a revision and the setting another: '{}'",
                   text, revision);
    }
  } else if (!revision.empty()) {
    id.revision = revision;
    if (!is_revision(revision)) {
      return error(Code::kInvalidArgument,
                   "revision: wanted a branch, a tag or a commit, found '{}'", revision);
    }
  }
  if (!is_repo(rest)) return wrong("not the name of a model");
  id.repo = rest;
  return id;
}

}  // namespace spyre::hub
