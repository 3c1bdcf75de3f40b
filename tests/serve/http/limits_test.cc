// Requests that are too large, too slow or too many.
#include <gmock/gmock.h>

#include "serve/http/fixture.h"

namespace spyre::serve::http {
namespace {

using testing::StartsWith;
using namespace std::chrono_literals;

class LimitsTest : public ServerTest {};

TEST_F(LimitsTest, AnnouncedBodyOverTheLimitIsRefusedUnread) {
  options_.max_body_bytes = 1000;
  start();
  RawClient client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 413);
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(ask(post("/echo", std::string(1000, 'x'))).status, 200);
}

TEST_F(LimitsTest, ChunkedBodyOverTheLimitIsRefusedOnTheWay) {
  options_.max_body_bytes = 1000;
  start();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(ask(head + "3e9\r\n").status, 413);
  EXPECT_EQ(ask(head + "1f4\r\n" + std::string(500, 'x') + "\r\n1f5\r\n").status, 413);
  EXPECT_EQ(ask(head + "3e8\r\n" + std::string(1000, 'x') + "\r\n0\r\n\r\n").status, 200);
}

TEST_F(LimitsTest, RefusedUploadIsReadAwaySoThatTheAnswerArrives) {
  options_.max_body_bytes = 1000;
  start();
  EXPECT_EQ(ask(post("/echo", std::string(5'000'000, 'x'))).status, 413);
}

TEST_F(LimitsTest, ExpectContinueOverTheLimitIsRefusedBeforeTheBody) {
  options_.max_body_bytes = 10;
  start();
  EXPECT_EQ(ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n"
                "Expect: 100-continue\r\n\r\n")
                .status,
            413);
}

TEST_F(LimitsTest, HeadersOverTheLimit) {
  options_.max_header_bytes = 2000;
  options_.max_header_count = 10;
  start();
  EXPECT_EQ(ask(get("/hello", "A: " + std::string(3000, 'x') + "\r\n")).status, 431);
  EXPECT_EQ(ask("GET /" + std::string(3000, 'x')).status, 431);
  std::string many;
  for (int i = 0; i < 10; ++i) many += "A: b\r\n";
  EXPECT_EQ(ask(get("/hello", many)).status, 431);
  EXPECT_EQ(ask(get("/hello", many.substr(6))).status, 200);
}

TEST_F(LimitsTest, HeadersThatComeOneByOneAreCounted) {
  options_.max_header_bytes = 1000;
  start();
  RawClient client = connect();
  client.send("GET /hello HTTP/1.1\r\nHost: h\r\n");
  for (int i = 0; i < 50; ++i) client.send("A: " + std::string(30, 'x') + "\r\n");
  EXPECT_EQ(client.read_answer().status, 431);
}

TEST_F(LimitsTest, EndlessChunkExtensionIsRefused) {
  start();
  EXPECT_EQ(ask("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                std::string(10'000, 'x'))
                .status,
            400);
}

TEST_F(LimitsTest, SlowHeadIsA408) {
  options_.header_timeout = 30ms;
  start();
  RawClient client = connect();
  client.send("GET /hello HTTP/1.1\r\nHo");
  EXPECT_EQ(client.read_answer().status, 408);
  EXPECT_TRUE(client.at_end());
}

TEST_F(LimitsTest, SlowBodyIsA408) {
  options_.body_timeout = 30ms;
  start();
  RawClient client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.read_answer().status, 408);
  EXPECT_TRUE(client.at_end());
}

TEST_F(LimitsTest, DripIsNoWayAroundTheDeadline) {
  options_.header_timeout = 50ms;
  start();
  RawClient client = connect();
  client.send("GET /hello HTTP/1.1\r\n");
  std::thread drip([&] {
    for (int i = 0; i < 100; ++i) {
      client.send("A: b\r\n");
      std::this_thread::sleep_for(2ms);
    }
  });
  EXPECT_EQ(client.read_answer().status, 408);
  drip.join();
}

TEST_F(LimitsTest, SilentConnectionsAreClosed) {
  options_.header_timeout = 30ms;
  options_.keep_alive = 30ms;
  start();
  RawClient silent = connect();
  EXPECT_TRUE(silent.at_end());
  RawClient idle = connect();
  idle.send(get("/hello"));
  EXPECT_EQ(idle.read_answer().status, 200);
  EXPECT_TRUE(idle.at_end());
}

TEST_F(LimitsTest, WaitingForAnAnswerIsNotIdle) {
  options_.header_timeout = 10ms;
  options_.body_timeout = 10ms;
  options_.keep_alive = 10ms;
  start();
  RawClient client = connect();
  client.send(get("/later"));
  const auto exchange = later_.take();
  std::this_thread::sleep_for(50ms);
  exchange->send({.body = "late"});
  EXPECT_EQ(client.read_answer().body, "late");
}

TEST_F(LimitsTest, TooManyConnectionsAreTold) {
  options_.max_connections = 2;
  start();
  RawClient first = connect();
  RawClient second = connect();
  for (RawClient* each : {&first, &second}) {
    each->send(get("/hello"));
    EXPECT_EQ(each->read_answer().status, 200);
  }
  {
    RawClient third = connect();
    EXPECT_EQ(third.read_answer().status, 503);
    EXPECT_TRUE(third.at_end());
  }
  first.send(get("/hello"));
  EXPECT_EQ(first.read_answer().status, 200);
  second.close();
  while (server_->open_connections() > 1) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(ask(get("/hello")).status, 200);
}

TEST_F(LimitsTest, PipelineIsReadOnlySoFarAhead) {
  start();
  RawClient client = connect();
  client.send(get("/later"));
  const auto exchange = later_.take();
  std::string requests;
  for (int i = 0; i < 5000; ++i) requests += get("/hello");
  std::thread sender([&] { client.send(requests); });
  exchange->send({.body = "first"});
  EXPECT_EQ(client.read_answer().body, "first");
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(client.read_answer().body, "hello");
  sender.join();
}

}  // namespace
}  // namespace spyre::serve::http
