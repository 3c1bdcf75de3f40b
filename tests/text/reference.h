// Reading tests/reference: its folders and the JSON in them, and scratch model folders.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace spyre::text {

inline const std::filesystem::path kReference = SPYRE_SOURCE_DIR "/tests/reference";

// Folders of tests/reference/`kind`, by name; fails the test when there is none.
std::vector<std::filesystem::path> reference_folders(std::string_view kind);

std::string read_text(const std::filesystem::path& file);
Json read_json(const std::filesystem::path& file);

// A folder that goes away with the object.
class ScratchFolder {
 public:
  ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();

  const std::filesystem::path& path() const { return path_; }
  void write(std::string_view name, std::string_view content) const;
  void copy(const std::filesystem::path& file) const;

 private:
  std::filesystem::path path_;
};

// The value, or a failed test with the error's message.
template <typename Outcome>
auto value_of(Outcome outcome) -> typename Outcome::value_type {
  if (!outcome) ADD_FAILURE() << outcome.error().message;
  return std::move(outcome).value();
}

}  // namespace spyre::text
