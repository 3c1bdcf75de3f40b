// Answers in pieces, and clients that leave before the end.
#include <gmock/gmock.h>

#include "serve/http/fixture.h"

namespace spyre::serve::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Response kEvents{.content_type = "text/event-stream; charset=utf-8"};

class StreamTest : public ServerTest {
 protected:
  // The exchange of a request just sent.
  std::shared_ptr<Exchange> asked(RawClient& client, std::string_view request) {
    client.send(request);
    return later_.take();
  }

  void expect_abandoned(const std::shared_ptr<Exchange>& exchange) {
    Handoff<bool> abandoned;
    exchange->on_abandoned([&] { abandoned.put(true); });
    EXPECT_TRUE(abandoned.take());
  }
};

TEST_F(StreamTest, PiecesArriveAsTheyAreWritten) {
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  exchange->begin({.body = "data: 1\n\n", .content_type = kEvents.content_type});
  EXPECT_THAT(client.read_until("data: 1\n\n"), HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_TRUE(exchange->write("data: 2\n\n"));
  EXPECT_THAT(client.read_until("data: 2\n\n"), HasSubstr("9\r\n"));
  exchange->end();
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "\r\n0\r\n\r\n");
  EXPECT_FALSE(exchange->write("too late"));
  client.send(get("/hello"));
  EXPECT_EQ(client.read_answer().body, "hello");
  const Logged record = log_.take();
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.response_bytes, 18);
}

TEST_F(StreamTest, ManyPiecesFromAnotherThreadStayInOrder) {
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  std::string wanted;
  exchange->begin(kEvents);
  for (int i = 0; i < 20000; ++i) {
    const std::string piece = std::to_string(i) + ",";
    wanted += piece;
    EXPECT_TRUE(exchange->write(piece));
  }
  exchange->end();
  EXPECT_EQ(client.read_answer().body, wanted);
}

TEST_F(StreamTest, WhatTheKernelDoesNotTakeFollowsInOrder) {
  options_.max_stream_backlog_bytes = 1 << 26;
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  exchange->begin(kEvents);
  std::string wanted;
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) {
      const std::string piece(i % 7 == 0 ? 300'000 : 100, static_cast<char>('a' + i % 26));
      wanted += piece;
      if (!exchange->write(piece)) return;
      if (i % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    exchange->end();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const std::string body = client.read_answer().body;
  writer.join();
  EXPECT_TRUE(body == wanted);
}

TEST_F(StreamTest, Http10StreamEndsWithTheConnection) {
  start();
  RawClient client = connect();
  const auto exchange = asked(client, "GET /later HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  exchange->begin(kEvents);
  exchange->write("one");
  exchange->write("two");
  exchange->end();
  const RawAnswer answer = client.read_answer();
  EXPECT_EQ(answer.body, "onetwo");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_FALSE(answer.headers.contains("transfer-encoding"));
}

TEST_F(StreamTest, HeadOfAStreamHasNoPieces) {
  start();
  RawClient client = connect();
  const auto exchange = asked(client, "HEAD /later HTTP/1.1\r\nHost: h\r\n\r\n");
  exchange->begin(kEvents);
  exchange->write("piece");
  exchange->end();
  EXPECT_EQ(client.read_answer(true).status, 200);
  client.send(get("/hello"));
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST_F(StreamTest, SilentStreamsGetComments) {
  options_.stream_comment = std::chrono::milliseconds(20);
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  exchange->begin(kEvents);
  client.read_until(": keep-alive\n\n");
  client.read_until(": keep-alive\n\n");
  exchange->write("data: half an ");  // no comment may land here
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  exchange->write("event\n\n");
  EXPECT_THAT(client.read_until("event\n\n\r\n"), Not(HasSubstr("keep-alive")));
  client.read_until(": keep-alive\n\n");
  exchange->end();
}

TEST_F(StreamTest, OtherStreamsGetNoComments) {
  options_.stream_comment = std::chrono::milliseconds(5);
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  exchange->begin({.body = "a", .content_type = "text/plain"});
  client.read_until("a\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  exchange->end();
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
}

TEST_F(StreamTest, ClientThatResetsIsNoticedWhileItWaits) {
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  client.reset();
  expect_abandoned(exchange);
  EXPECT_EQ(log_.take().status, 499);
  expect_abandoned(exchange);  // at once, when it already has
}

TEST_F(StreamTest, ClientThatClosesIsNoticedWhileItWaits) {
  start();
  RawClient client = connect();
  const auto exchange = asked(client, post("/later", "body"));
  client.close();
  expect_abandoned(exchange);
}

TEST_F(StreamTest, ClientThatClosesIsNoticedInASilentEventStream) {
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  exchange->begin(kEvents);
  client.read_until("\r\n\r\n");
  client.close();
  expect_abandoned(exchange);
  EXPECT_FALSE(exchange->write("more"));
}

TEST_F(StreamTest, ClientThatClosesIsNoticedByWriting) {
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  exchange->begin({.content_type = "text/plain"});
  client.read_until("\r\n\r\n");
  client.close();
  while (exchange->write("more")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  expect_abandoned(exchange);
}

TEST_F(StreamTest, HalfClosedClientGetsTheWholeStream) {
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  exchange->begin({.body = "data: 1\n\n", .content_type = kEvents.content_type});
  client.read_until("data: 1\n\n");
  client.end_sending();
  EXPECT_THAT(client.read_until("keep-alive\n\n"), HasSubstr(": "));  // the server asks
  EXPECT_TRUE(exchange->write("data: 2\n\n"));
  exchange->end();
  EXPECT_THAT(client.read_to_end(), HasSubstr("data: 2\n\n\r\n0\r\n\r\n"));
}

TEST_F(StreamTest, SlowReaderIsCutOffAtTheLimit) {
  options_.max_stream_backlog_bytes = 100'000;
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  exchange->begin(kEvents);
  const std::string piece(10'000, 'x');
  int64_t accepted = 0;
  while (exchange->write(piece)) ++accepted;  // the kernel's buffers take some of it
  EXPECT_GE(accepted, 10);
  EXPECT_FALSE(exchange->write("more"));
  expect_abandoned(exchange);
  client.read_to_end();
}

TEST_F(StreamTest, OnePieceOverTheLimitIsTooMuch) {
  options_.max_stream_backlog_bytes = 10;
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  exchange->begin(kEvents);
  EXPECT_FALSE(exchange->write("more than ten"));
  expect_abandoned(exchange);
}

TEST_F(StreamTest, ClientThatTakesNothingIsCutOff) {
  options_.write_timeout = std::chrono::milliseconds(50);
  options_.max_stream_backlog_bytes = 1 << 30;
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  exchange->begin(kEvents);
  std::string piece;
  piece.resize(50'000'000, 'x');
  exchange->write(piece);
  expect_abandoned(exchange);
}

TEST_F(StreamTest, ExchangeDroppedInMidStreamClosesWithoutTheLastChunk) {
  start();
  RawClient client = connect();
  auto exchange = asked(client, get("/later"));
  exchange->begin({.body = "data: 1\n\n", .content_type = kEvents.content_type});
  client.read_until("data: 1\n\n");
  exchange.reset();
  EXPECT_EQ(client.read_to_end(), "\r\n");
}

TEST_F(StreamTest, TheFirstAnswerCounts) {
  start();
  RawClient client = connect();
  const auto exchange = asked(client, get("/later"));
  exchange->send({.body = "first"});
  exchange->send({.body = "second"});
  exchange->begin(kEvents);
  EXPECT_FALSE(exchange->write("x"));
  exchange->end();
  client.send(get("/hello"));
  EXPECT_EQ(client.read_answer().body, "first");
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST_F(StreamTest, CallbackThatOwnsItsExchangeDoesNotLeakOrLock) {
  start();
  RawClient client = connect();
  auto exchange = asked(client, get("/later"));
  exchange->on_abandoned([exchange] {});
  exchange->send({.body = "done"});
  exchange.reset();
  EXPECT_EQ(client.read_answer().body, "done");
}

TEST_F(StreamTest, ManyClientsAtOnce) {
  start();
  std::thread answers([&] {
    for (int i = 0; i < 200; ++i) {
      const auto exchange = later_.take();
      exchange->begin(kEvents);
      exchange->write(exchange->request().body);
      exchange->end();
    }
  });
  std::vector<std::thread> clients;
  clients.reserve(8);
  for (int each = 0; each < 8; ++each) {
    clients.emplace_back([this, each] {
      RawClient client = connect();
      for (int i = 0; i < 25; ++i) {
        const std::string body = std::to_string(each * 1000 + i);
        client.send(post("/later", body));
        EXPECT_EQ(client.read_answer().body, body);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  answers.join();
}

}  // namespace
}  // namespace spyre::serve::http
