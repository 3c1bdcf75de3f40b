// Keys and certificates made on the spot, for tests of TLS.
#pragma once

#include <filesystem>
#include <string>

namespace spyre::serve::http {

// A self-signed certificate for "localhost" and its key, as PEM files in a folder of its own that
// is removed at the end.
class Certificate {
 public:
  Certificate();
  ~Certificate();

  std::string certificate_file() const { return (folder_ / "certificate.pem").string(); }
  std::string key_file() const { return (folder_ / "key.pem").string(); }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace spyre::serve::http
