// Whole downloads against a hub on the loopback, and every way in which they go wrong.
#include "hub/hub.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "hub/cache.h"
#include "hub/fake_hub.h"

namespace spyre::hub {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

class HubTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    // The loopback is not reached through a proxy.
    setenv("NO_PROXY", "127.0.0.1", 1);
    setenv("no_proxy", "127.0.0.1", 1);
  }

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "spyre_hub_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    options_.cache_dir = folder_ / "hub";
    options_.endpoint = hub_.url() + "/";
    options_.retries = 2;
    options_.retry_delay = std::chrono::milliseconds(1);
    weights_.resize(300'000);
    for (size_t i = 0; i < weights_.size(); ++i) weights_[i] = static_cast<char>(i * i % 251);
    hub_.add("config.json", "{\"model_type\":\"llama\"}", false);
    hub_.add("tokenizer.json", "{}", false);
    hub_.add("model.safetensors", weights_, true);
    hub_.add("pytorch_model.bin", "the same again", true);
    hub_.add("onnx/model.onnx", "and again", true);
  }

  void TearDown() override { fs::remove_all(folder_); }

  fs::path snapshot() const {
    return options_.cache_dir / "models--org--name" / "snapshots" / FakeHub::kCommit;
  }
  std::vector<fs::path> blobs() const {
    std::vector<fs::path> paths;
    const fs::path folder = options_.cache_dir / "models--org--name" / "blobs";
    if (!fs::exists(folder)) return paths;
    for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
    return paths;
  }

  // Each request for the weights is answered by what change makes of the usual answer.
  void change_weights(const std::function<void(Answer&)>& change) {
    hub_.intercept([this, change](const SeenRequest& request) -> std::optional<Answer> {
      if (!request.path.ends_with("/model.safetensors")) return std::nullopt;
      Answer answer = hub_.usual(request);
      change(answer);
      return answer;
    });
  }
  void answer_all(const Answer& answer) {
    hub_.intercept([answer](const SeenRequest&) { return answer; });
  }

  Error pull_error(std::string_view model, const ProgressFn& progress = {}) {
    const auto result = pull(model, options_, progress);
    if (result) ADD_FAILURE() << "no error, but " << result->string();
    return result ? Error{Code::kInternal, ""} : result.error();
  }

  FakeHub hub_;
  fs::path folder_;
  HubOptions options_;
  std::string weights_;
};

TEST_F(HubTest, PullsAModelIntoTheLayoutOfTheHubsLibrary) {
  Progress last;
  const auto path = pull("org/name", options_, [&](const Progress& progress) {
    last = progress;
    last.file = "";
    return true;
  });
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(*path, snapshot());
  EXPECT_EQ(read(*path / "model.safetensors"), weights_);
  EXPECT_EQ(read(*path / "config.json"), "{\"model_type\":\"llama\"}");
  EXPECT_TRUE(fs::is_symlink(*path / "config.json"));
  EXPECT_TRUE(fs::read_symlink(*path / "config.json").is_relative());
  EXPECT_FALSE(fs::exists(*path / "pytorch_model.bin"));
  EXPECT_FALSE(fs::exists(*path / "onnx"));
  EXPECT_EQ(read(options_.cache_dir / "models--org--name/refs/main"), FakeHub::kCommit);
  EXPECT_THAT(blobs(), SizeIs(3));
  EXPECT_EQ(last.files, 3);
  EXPECT_EQ(last.files_done, 3);
  EXPECT_EQ(last.done, last.bytes);
  EXPECT_EQ(last.received, last.bytes);
  EXPECT_EQ(hub_.requests().front().path, "/api/models/org/name/revision/main?blobs=true");
}

TEST_F(HubTest, ASecondPullBringsNoFileAndAResolveAsksNobody) {
  ASSERT_TRUE(pull("org/name", options_, {}));
  const size_t downloads = hub_.downloads().size();
  ASSERT_TRUE(pull("org/name", options_, {}));
  EXPECT_EQ(hub_.downloads().size(), downloads);
  const size_t requests = hub_.requests().size();
  options_.offline = true;
  const auto path = resolve("org/name", options_, {});
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(*path, snapshot());
  EXPECT_EQ(hub_.requests().size(), requests);
}

TEST_F(HubTest, TheTextAloneIsNotTakenForTheModel) {
  HubOptions text = options_;
  text.parts = Parts::kText;
  const auto path = resolve("org/name", text, {});
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(*path, snapshot());
  EXPECT_EQ(read(*path / "tokenizer.json"), "{}");
  EXPECT_FALSE(fs::exists(*path / "model.safetensors"));
  const size_t requests = hub_.requests().size();
  ASSERT_TRUE(resolve("org/name", text, {}));
  EXPECT_EQ(hub_.requests().size(), requests);
  ASSERT_TRUE(resolve("org/name", options_, {}));
  EXPECT_EQ(read(*path / "model.safetensors"), weights_);
}

TEST_F(HubTest, ResolveDownloadsWhatIsNotThere) {
  const auto path = resolve("org/name", options_, {});
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(read(*path / "model.safetensors"), weights_);
}

TEST_F(HubTest, ResolveTakesAnExistingPathAsItIs) {
  write(folder_ / "org/name/config.json", "{}");
  EXPECT_EQ(resolve((folder_ / "org/name").string(), options_, {}), folder_ / "org/name");
  EXPECT_THAT(hub_.requests(), IsEmpty());
}

TEST_F(HubTest, ResolveFetchesAgainWhenABlobIsGone) {
  ASSERT_TRUE(pull("org/name", options_, {}));
  fs::remove(fs::canonical(snapshot() / "model.safetensors"));
  ASSERT_TRUE(resolve("org/name", options_, {}));
  EXPECT_EQ(read(snapshot() / "model.safetensors"), weights_);
  EXPECT_THAT(hub_.downloads(), SizeIs(4));
}

TEST_F(HubTest, OfflineAndMissingIsAClearError) {
  options_.offline = true;
  const auto missing = resolve("org/name", options_, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("HF_HUB_OFFLINE"));
  EXPECT_THAT(missing.error().message, HasSubstr(options_.cache_dir.string()));
  EXPECT_EQ(pull_error("org/name").code, Code::kUnavailable);
  EXPECT_THAT(hub_.requests(), IsEmpty());
}

TEST_F(HubTest, NeitherPathNorIdIsAnError) {
  const auto wrong = resolve("./no/such/folder", options_, {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kInvalidArgument);
  EXPECT_THAT(wrong.error().message, HasSubstr("no such file or folder"));
}

TEST_F(HubTest, ACutTransferGoesOnWhereItStopped) {
  int cuts = 0;
  change_weights([&](Answer& answer) {
    if (cuts++ < 4) answer.cut = 50'000;  // more cuts than retries: each brought something
  });
  ASSERT_TRUE(pull("org/name", options_, {}));
  EXPECT_EQ(read(snapshot() / "model.safetensors"), weights_);
  EXPECT_EQ(hub_.downloads().back().headers["range"].substr(0, 6), "bytes=");
}

TEST_F(HubTest, TheNextRunGoesOnWhereTheLastOneGaveUp) {
  bool cut = false;
  change_weights([&](Answer& answer) {
    if (cut) answer.status = 503;
    if (!cut) answer.cut = 100'000;
    cut = true;
  });
  EXPECT_EQ(pull_error("org/name").code, Code::kUnavailable);
  EXPECT_FALSE(fs::exists(options_.cache_dir / "models--org--name/refs/main"));
  hub_.intercept({});
  int64_t received = 0;
  ASSERT_TRUE(pull("org/name", options_, [&](const Progress& progress) {
    received = progress.received;
    return true;
  }));
  EXPECT_EQ(read(snapshot() / "model.safetensors"), weights_);
  EXPECT_EQ(hub_.downloads().back().headers["range"], "bytes=100000-");
  EXPECT_EQ(received, 200'000);
}

TEST_F(HubTest, AHubWithoutRangesSendsTheWholeFile) {
  bool cut = false;
  change_weights([&](Answer& answer) {
    answer = Answer{.body = weights_};
    if (!cut) answer.cut = 100'000;
    cut = true;
  });
  ASSERT_TRUE(pull("org/name", options_, {}));
  EXPECT_EQ(read(snapshot() / "model.safetensors"), weights_);
}

TEST_F(HubTest, CutsThatNeverGetFurtherAreGivenUp) {
  change_weights([&](Answer& answer) {
    answer = Answer{.body = weights_};
    answer.cut = 100'000;
  });
  EXPECT_EQ(pull_error("org/name").code, Code::kUnavailable);
  EXPECT_THAT(hub_.downloads(), SizeIs(2 + 1 + 2)) << "the small files, the first try, two retries";
}

TEST_F(HubTest, AWrongRangeStartsAgain) {
  int asked = 0;
  change_weights([&](Answer& answer) {
    asked += 1;
    if (asked == 1) answer.cut = 100'000;
    if (asked == 2) answer = {206, {"Content-Range: bytes 0-299999/300000"}, weights_, {}, false};
  });
  ASSERT_TRUE(pull("org/name", options_, {}));
  EXPECT_EQ(read(snapshot() / "model.safetensors"), weights_);
}

TEST_F(HubTest, AWrongChecksumRemovesWhatCame) {
  change_weights([](Answer& answer) { answer.body[1000] ^= 1; });
  const Error wrong = pull_error("org/name");
  EXPECT_EQ(wrong.code, Code::kDataLoss);
  EXPECT_THAT(wrong.message, HasSubstr("model.safetensors: wanted checksum"));
  EXPECT_THAT(blobs(), SizeIs(2));
  EXPECT_FALSE(fs::exists(snapshot() / "model.safetensors"));
  hub_.intercept({});
  EXPECT_TRUE(pull("org/name", options_, {}));
}

TEST_F(HubTest, ASmallFilesChecksumCountsToo) {
  hub_.intercept([](const SeenRequest& request) -> std::optional<Answer> {
    if (!request.path.ends_with("/tokenizer.json")) return std::nullopt;
    return Answer{.body = "[]"};
  });
  EXPECT_THAT(pull_error("org/name").message, HasSubstr("tokenizer.json: wanted checksum"));
}

TEST_F(HubTest, MoreBytesThanAnnouncedAreRefused) {
  change_weights([](Answer& answer) { answer.body += "x"; });
  EXPECT_EQ(pull_error("org/name").code, Code::kDataLoss);
  EXPECT_THAT(blobs(), SizeIs(2));
}

TEST_F(HubTest, ATokenIsAskedForByName) {
  answer_all({.status = 401, .headers = {"X-Error-Message: who are\tyou?"}});
  const Error none = pull_error("org/name");
  EXPECT_EQ(none.code, Code::kInvalidArgument);
  EXPECT_THAT(none.message, HasSubstr("org/name"));
  EXPECT_THAT(none.message, HasSubstr("set HF_TOKEN"));
  EXPECT_THAT(none.message, HasSubstr("who are you?"));
  options_.token = "secret";
  const Error refused = pull_error("org/name");
  EXPECT_THAT(refused.message, HasSubstr("does not open it"));
  EXPECT_THAT(refused.message, Not(HasSubstr("secret")));
  EXPECT_EQ(hub_.requests().back().headers["authorization"], "Bearer secret");
}

TEST_F(HubTest, RefusalsSayWhatToChange) {
  answer_all({.status = 403, .headers = {"X-Error-Code: GatedRepo"}});
  EXPECT_THAT(pull_error("org/name").message, HasSubstr("terms"));
  answer_all({.status = 404, .headers = {"X-Error-Code: RepoNotFound"}});
  EXPECT_EQ(pull_error("org/name").code, Code::kNotFound);
  EXPECT_THAT(pull_error("org/name").message, HasSubstr("HF_ENDPOINT"));
  answer_all({.status = 404, .headers = {"X-Error-Code: RevisionNotFound"}});
  EXPECT_THAT(pull_error("org/name@v9").message, HasSubstr("org/name@v9: no such revision"));
  answer_all({.status = 429, .headers = {"Retry-After: 7"}});
  EXPECT_THAT(pull_error("org/name").message, HasSubstr("7 s"));
  answer_all({.status = 500});
  EXPECT_EQ(pull_error("org/name").code, Code::kUnavailable);
  answer_all({.status = 418});
  EXPECT_EQ(pull_error("org/name").code, Code::kInternal);
}

TEST_F(HubTest, AnUnreachableHubIsNamed) {
  options_.endpoint = "http://127.0.0.1:1";
  const Error closed = pull_error("org/name");
  EXPECT_EQ(closed.code, Code::kUnavailable);
  EXPECT_THAT(closed.message, HasSubstr("http://127.0.0.1:1"));
  EXPECT_THAT(closed.message, HasSubstr("HF_ENDPOINT"));
}

TEST_F(HubTest, ASilentHubIsGivenUp) {
  answer_all({.silent = true});
  options_.idle_timeout = std::chrono::milliseconds(200);
  EXPECT_EQ(pull_error("org/name").code, Code::kUnavailable);
}

TEST_F(HubTest, HostileNamesAreRefused) {
  for (const char* name : {"../x.safetensors", "/etc/x", "a/../../x", "a//b", "a\\b", "", "a\nb"}) {
    FakeHub hostile;
    hostile.add(name, "x", true);
    options_.endpoint = hostile.url();
    const Error refused = pull_error("org/name");
    EXPECT_EQ(refused.code, Code::kDataLoss) << name;
    EXPECT_THAT(refused.message, HasSubstr("refused")) << name;
    EXPECT_THAT(hostile.downloads(), IsEmpty());
  }
  EXPECT_FALSE(fs::exists(options_.cache_dir));
}

TEST_F(HubTest, ACancelKeepsWhatCame) {
  const auto stop = [](const Progress& progress) { return progress.done < 100'000; };
  const Error stopped = pull_error("org/name", stop);
  EXPECT_EQ(stopped.code, Code::kCancelled);
  EXPECT_THAT(stopped.message, HasSubstr("pull again"));
  ASSERT_THAT(blobs(), SizeIs(3));
  ASSERT_TRUE(pull("org/name", options_, {}));
  EXPECT_TRUE(hub_.downloads().back().headers.contains("range"));
}

TEST_F(HubTest, ACancelReachesAStalledTransfer) {
  change_weights([](Answer& answer) { answer.silent = true; });
  const auto stop = [](const Progress& progress) { return progress.file != "model.safetensors"; };
  EXPECT_EQ(pull_error("org/name", stop).code, Code::kCancelled);
}

TEST_F(HubTest, TheTokenDoesNotFollowARedirectElsewhere) {
  FakeHub elsewhere;
  elsewhere.add("model.safetensors", weights_, true);
  change_weights([&](Answer& answer) {
    answer = {.status = 302,
              .headers = {"Location: " + elsewhere.url() + "/org/name/resolve/" +
                          std::string(FakeHub::kCommit) + "/model.safetensors"}};
  });
  options_.token = "secret";
  ASSERT_TRUE(pull("org/name", options_, {}));
  ASSERT_THAT(elsewhere.requests(), SizeIs(1));
  EXPECT_FALSE(elsewhere.requests().front().headers.contains("authorization"));
  EXPECT_EQ(read(snapshot() / "model.safetensors"), weights_);
}

TEST_F(HubTest, ARevisionIsAskedForAndNoted) {
  options_.revision = "refs/pr/1";
  ASSERT_TRUE(pull("org/name", options_, {}));
  EXPECT_THAT(hub_.requests().front().path, HasSubstr("/revision/refs%2Fpr%2F1?"));
  EXPECT_EQ(read(options_.cache_dir / "models--org--name/refs/refs/pr/1"), FakeHub::kCommit);
  options_.revision = "";
  options_.offline = true;
  EXPECT_TRUE(resolve("org/name@refs/pr/1", options_, {}));
  EXPECT_TRUE(resolve("org/name@" + std::string(FakeHub::kCommit), options_, {}));
  EXPECT_FALSE(resolve("org/name", options_, {}));
}

TEST_F(HubTest, OneGgufFileOfMany) {
  hub_.add("name-Q4_0.gguf", "four bits", true);
  hub_.add("name-Q8_0.gguf", "eight bits", true);
  const auto path = pull("org/name:q8_0", options_, {});
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_EQ(*path, snapshot() / "name-Q8_0.gguf");
  EXPECT_EQ(read(*path), "eight bits");
  EXPECT_THAT(hub_.downloads(), SizeIs(1));
  options_.offline = true;
  EXPECT_EQ(resolve("org/name:name-Q8_0.gguf", options_, {}), snapshot() / "name-Q8_0.gguf");
  EXPECT_FALSE(resolve("org/name:Q4_0", options_, {}));
  EXPECT_EQ(resolve("org/name", options_, {}), *path) << "all there is of it";
}

TEST_F(HubTest, TwoPullsOfOneBlobWaitForEachOther) {
  const Cache cache(options_.cache_dir, "org/name");
  ASSERT_TRUE(pull("org/name", options_, {}));
  const std::string etag = fs::canonical(snapshot() / "model.safetensors").filename();
  fs::remove(cache.blob(etag));
  const int held = open(cache.lock(etag).c_str(), O_RDWR | O_CREAT, 0644);
  ASSERT_EQ(flock(held, LOCK_EX), 0);
  int waited = 0;
  const auto path = pull("org/name", options_, [&](const Progress& progress) {
    // The other process brings the blob and lets go.
    if (progress.file == "model.safetensors" && waited++ == 1) {
      write(cache.blob(etag), weights_);
      close(held);
    }
    return true;
  });
  ASSERT_TRUE(path) << path.error().message;
  EXPECT_GE(waited, 2);
  EXPECT_THAT(hub_.downloads(), SizeIs(3));
}

TEST_F(HubTest, ACacheThatCannotBeWrittenNamesTheSetting) {
  write(folder_ / "hub", "a file where the folder should be");
  const Error refused = pull_error("org/name");
  EXPECT_EQ(refused.code, Code::kIo);
  EXPECT_THAT(refused.message, HasSubstr("HF_HUB_CACHE"));
}

}  // namespace
}  // namespace spyre::hub
