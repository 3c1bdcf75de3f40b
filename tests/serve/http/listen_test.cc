// Addresses, ports and socket files, right and wrong.
#include "serve/http/listen.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "serve/http/certificate.h"
#include "serve/http/fixture.h"

namespace spyre::serve::http {
namespace {

using testing::HasSubstr;

class ListenTest : public ServerTest {
 protected:
  // A path in a folder that is removed at the end.
  std::string path() const { return (folder_.folder() / "socket").string(); }
  Error failure() const {
    auto listening = ListeningSocket::open(options_);
    return listening ? Error{} : listening.error();
  }

 private:
  Certificate folder_;
};

TEST_F(ListenTest, TakenPortNamesTheSetting) {
  start();
  options_.port = port();
  const Error taken = failure();
  EXPECT_EQ(taken.code, Code::kIo);
  EXPECT_THAT(taken.message, HasSubstr("--port"));
}

TEST_F(ListenTest, HostsInAllForms) {
  options_.port = 0;
  for (const char* host : {"", "0.0.0.0", "127.0.0.1", "localhost"}) {
    options_.host = host;
    EXPECT_TRUE(ListeningSocket::open(options_)) << host;
  }
  for (const char* host : {"::", "::1", "[::1]"}) {
    options_.host = host;
    const auto listening = ListeningSocket::open(options_);
    // A machine may have no IPv6 at all.
    if (!listening) {
      EXPECT_THAT(listening.error().message, HasSubstr("--host")) << host;
    }
  }
  for (const char* host : {"1.2.3", "300.1.1.1", "no such host", "[::1", ":::", "203.0.113.77"}) {
    options_.host = host;
    EXPECT_THAT(failure().message, HasSubstr("--host")) << host;
  }
}

TEST_F(ListenTest, UnixSocketServesAndIsRemoved) {
  options_.uds = path();
  start();
  RawClient client = RawClient::to_unix_socket(path());
  client.send(get("/later"));
  const auto exchange = later_.take();
  EXPECT_EQ(exchange->request().client, "unix");
  EXPECT_EQ(server_->port(), 0);
  client.close();
  Handoff<bool> abandoned;
  exchange->on_abandoned([&] { abandoned.put(true); });
  EXPECT_TRUE(abandoned.take());
  server_->stop(std::chrono::milliseconds(0));
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(ListenTest, StaleSocketIsReplacedALiveOneIsNot) {
  options_.uds = path();
  start();
  EXPECT_THAT(failure().message, HasSubstr("another server listens"));
  EXPECT_EQ(RawClient::to_unix_socket(path()).connected(), true);
  server_->stop(std::chrono::milliseconds(0));
  // What a killed server leaves behind: a socket that nobody serves.
  {
    auto listening = ListeningSocket::open(options_);
    ASSERT_TRUE(listening);
    std::filesystem::rename(path(), path() + ".kept");
  }
  std::filesystem::rename(path() + ".kept", path());
  EXPECT_TRUE(ListeningSocket::open(options_));
}

TEST_F(ListenTest, OtherFilesAreNeverReplaced) {
  options_.uds = path();
  std::ofstream(path()) << "precious";
  EXPECT_THAT(failure().message, HasSubstr("is no socket"));
  EXPECT_TRUE(std::filesystem::exists(path()));
  options_.uds = "/nowhere/at/all/socket";
  EXPECT_THAT(failure().message, HasSubstr("--uds"));
  options_.uds = "/" + std::string(200, 'x');
  EXPECT_EQ(failure().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace spyre::serve::http
