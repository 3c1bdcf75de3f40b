// A hub on the loopback for tests: answers the listing and the files of one repository, notes every
// request, and misbehaves as told. One connection at a time, on a thread of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace spyre::hub {

struct SeenRequest {
  std::string path;                            // with its query
  std::map<std::string, std::string> headers;  // names in lower case
};

struct Answer {
  int status = 200;
  std::vector<std::string> headers = {};  // "Name: value"
  std::string body = {};
  std::optional<size_t> cut = {};  // the connection ends after so many bytes of the body
  bool silent = false;             // nothing is answered until the client leaves
};

class FakeHub {
 public:
  static constexpr std::string_view kCommit = "0123456789abcdef0123456789abcdef01234567";

  FakeHub();
  ~FakeHub();

  std::string url() const;

  // A file of org/name; large ones are listed as the hub lists LFS files.
  void add(const std::string& path, const std::string& content, bool large);

  // Called first for every request: an answer replaces the usual one.
  void intercept(std::function<std::optional<Answer>(const SeenRequest&)> intercept);

  std::vector<SeenRequest> requests() const;
  // Requests for files, without those for listings.
  std::vector<SeenRequest> downloads() const;

  // What the hub would say by itself.
  Answer usual(const SeenRequest& request) const;

 private:
  struct File {
    std::string content;
    bool large;
  };
  std::string listing() const;
  void serve(const std::stop_token& stop);
  void answer(int connection, const std::stop_token& stop);

  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;  // guards the members below
  std::map<std::string, File> files_;
  std::function<std::optional<Answer>(const SeenRequest&)> intercept_;
  std::vector<SeenRequest> requests_;
  std::jthread thread_;  // last: stops before the rest goes
};

}  // namespace spyre::hub
