#include "serve/http/router.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

namespace spyre::serve::http {

namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const size_t slash = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, slash));
    path.remove_prefix(slash);
  }
  return segments;
}

bool is_variable(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

std::string join(std::span<const std::string> segments) {
  std::string joined;
  for (const std::string& segment : segments) {
    if (&segment != segments.data()) joined += '/';
    joined += segment;
  }
  return joined;
}

// What the variable parts of `pattern` stand for in `segments`; none when they do not match.
std::optional<std::string> match(std::span<const std::string> pattern,
                                 std::span<const std::string> segments) {
  std::string value;
  for (size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == "*" && at + 1 == pattern.size() && at < segments.size()) {
      return join(segments.subspan(at));
    }
    if (at >= segments.size()) return std::nullopt;
    if (is_variable(pattern[at])) {
      if (segments[at].empty()) return std::nullopt;
      value = segments[at];
    } else if (pattern[at] != segments[at]) {
      return std::nullopt;
    }
  }
  if (pattern.size() != segments.size()) return std::nullopt;
  return value;
}

// 0 for a literal, 1 for {segment}, 2 for *: sorts special before general, segment by segment.
std::string generality(std::span<const std::string> pattern) {
  std::string key;
  for (const std::string& segment : pattern) {
    key += segment == "*" ? '2' : is_variable(segment) ? '1' : '0';
  }
  return key;
}

}  // namespace

Result<Router> Router::create(std::vector<Route> routes, std::string_view root_path) {
  Router router;
  while (root_path.ends_with('/')) root_path.remove_suffix(1);
  if (!root_path.empty() && !root_path.starts_with('/')) {
    return error(Code::kInvalidArgument,
                 "--root-path: wanted a path that begins with a slash, found '{}'", root_path);
  }
  router.root_ = split(root_path);
  std::set<std::pair<std::string, std::string>> seen;
  for (Route& route : routes) {
    Entry entry{.route = std::move(route), .segments = {}};
    const std::string& path = entry.route.path;
    if (!path.starts_with('/')) {
      return error(Code::kInvalidArgument, "route {}: wanted a path that begins with /", path);
    }
    entry.segments = split(path);
    const auto star = std::ranges::find(entry.segments, "*");
    if (star != entry.segments.end() && star + 1 != entry.segments.end()) {
      return error(Code::kInvalidArgument, "route {}: * must be the last segment", path);
    }
    if (!seen.emplace(entry.route.method, path).second) {
      return error(Code::kInvalidArgument, "route {} {} is there twice", entry.route.method, path);
    }
    router.entries_.push_back(std::move(entry));
  }
  std::ranges::sort(router.entries_, {}, [](const Entry& entry) {
    return std::pair(generality(entry.segments), entry.route.method);
  });
  return router;
}

void Router::drop_root_path(Target& target) const {
  if (root_.empty() || target.segments.size() < root_.size() ||
      !std::equal(root_.begin(), root_.end(), target.segments.begin())) {
    return;
  }
  target.segments.erase(target.segments.begin(),
                        target.segments.begin() + static_cast<std::ptrdiff_t>(root_.size()));
  if (target.segments.empty()) target.segments.emplace_back();
}

Match Router::find(std::string_view method, Target& target) const {
  drop_root_path(target);
  Match found;
  std::set<std::string> allowed;
  for (const Entry& entry : entries_) {
    const auto value = match(entry.segments, target.segments);
    if (!value) continue;
    const std::string& offered = entry.route.method;
    allowed.insert(offered);
    if (offered == "GET") allowed.insert("HEAD");
    const bool answers = offered == method || (offered == "GET" && method == "HEAD");
    if (answers && (found.route == nullptr || offered == method)) {
      if (found.route != nullptr && found.route->method == method) continue;
      found.route = &entry.route;
      found.path_value = *value;
    }
  }
  found.allowed.assign(allowed.begin(), allowed.end());
  return found;
}

}  // namespace spyre::serve::http
