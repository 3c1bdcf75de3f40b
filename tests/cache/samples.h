// A cache in a folder of its own, and small entries for it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/temporary_folder.h"
#include "cache/graph_cache.h"

namespace spyre::cache {

// Fields of a program as the engine might name it; `changes` replace values.
KeyFields sample_fields(const std::vector<std::pair<std::string, std::string>>& changes = {});

Entry sample_entry(const KeyFields& fields, std::string_view payload = "some code");

std::string text_of(const std::vector<std::byte>& payload);

class CacheTest : public ::testing::Test {
 protected:
  std::filesystem::path folder() const { return temporary_.path() / "cache"; }
  std::filesystem::path file_of(const KeyFields& fields) const {
    return folder() / (fields.key() + ".spyre");
  }
  GraphCache open() const { return GraphCache::open(folder()).value(); }
  // Files of the folder, hidden ones included.
  std::vector<std::string> names() const;

  TemporaryFolder temporary_;
};

std::string content_of(const std::filesystem::path& path);
void overwrite(const std::filesystem::path& path, std::string_view content);

inline bool keep_going(int64_t, int64_t) { return true; }

}  // namespace spyre::cache
