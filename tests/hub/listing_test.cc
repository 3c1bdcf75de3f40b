#include "hub/listing.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "hub/digest.h"

namespace spyre::hub {
namespace {

using testing::HasSubstr;

const std::string kSha1(40, 'a');
const std::string kSha256(64, 'b');

std::string listing(const std::string& siblings, const std::string& sha = kSha1) {
  return fmt::format(R"({{"sha":"{}","siblings":[{}]}})", sha, siblings);
}

Error wrong(const std::string& json) {
  const auto result = parse_listing(json, "the hub");
  EXPECT_FALSE(result) << json;
  return result ? Error{Code::kInternal, ""} : result.error();
}

TEST(Listing, ReadsSmallAndLargeFiles) {
  const auto result = parse_listing(
      listing(fmt::format(R"({{"rfilename":"config.json","size":2,"blobId":"{0}"}},)"
                          R"({{"rfilename":"a/b","size":9,"blobId":"{0}","lfs":)"
                          R"({{"sha256":"{1}","size":5000000000,"pointerSize":134}}}})",
                          kSha1, kSha256)),
      "the hub");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->commit, kSha1);
  ASSERT_EQ(result->files.size(), 2u);
  EXPECT_EQ(result->files[0].etag, kSha1);
  EXPECT_EQ(result->files[1].path, "a/b");
  EXPECT_EQ(result->files[1].etag, kSha256);
  EXPECT_EQ(result->files[1].bytes, 5'000'000'000);
}

TEST(Listing, RefusesWhatIsNoListing) {
  for (const char* json : {"", "<html>", "[]", "{}", R"({"sha":"x","siblings":[]})"}) {
    EXPECT_EQ(wrong(json).code, Code::kDataLoss);
    EXPECT_THAT(wrong(json).message, HasSubstr("the hub"));
  }
  EXPECT_THAT(wrong(listing("", "../../etc")).message, HasSubstr("'sha'"));
  EXPECT_THAT(wrong(fmt::format(R"({{"sha":"{}"}})", kSha1)).message, HasSubstr("siblings"));
  EXPECT_EQ(wrong(listing("7")).code, Code::kDataLoss);
}

TEST(Listing, RefusesFilesThatCannotBeTrusted) {
  const auto file = [](const std::string& rest) {
    return listing(R"({"rfilename":"a")" + rest + "}");
  };
  EXPECT_THAT(wrong(file("")).message, HasSubstr("size"));
  EXPECT_THAT(wrong(file(R"(,"size":-1)")).message, HasSubstr("size"));
  EXPECT_THAT(wrong(file(R"(,"size":1e30)")).message, HasSubstr("size"));
  EXPECT_THAT(wrong(file(R"(,"size":18446744073709551615)")).message, HasSubstr("size"));
  EXPECT_THAT(wrong(file(R"(,"size":1)")).message, HasSubstr("blobs=true"));
  EXPECT_THAT(wrong(file(R"(,"size":1,"blobId":"../x")")).message, HasSubstr("checksum"));
  EXPECT_THAT(wrong(file(R"(,"size":1,"lfs":{"sha256":"x"})")).message, HasSubstr("checksum"));
  EXPECT_THAT(wrong(listing(R"({"rfilename":"../\u001b[2J"})")).message, HasSubstr("'../?[2J'"));
  const std::string good = fmt::format(R"({{"rfilename":"a","size":1,"blobId":"{}"}})", kSha1);
  EXPECT_THAT(wrong(listing(good + "," + good)).message, HasSubstr("twice"));
}

TEST(Digest, IsSha256OrAGitBlobId) {
  const std::string text = "hello\n";
  Digest git(kSha1, 6);
  git.update(std::as_bytes(std::span(text)));
  EXPECT_EQ(git.finish(), "ce013625030ba8dba906f756967f9e9ca394464a");
  Digest large(kSha256, 6);
  large.update(std::as_bytes(std::span(text)));
  EXPECT_EQ(large.finish(), "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
}

}  // namespace
}  // namespace spyre::hub
