// Requests that are right: routing, connections that are kept, methods, keys, origins, ids.
#include "serve/http/server.h"

#include <gmock/gmock.h>

#include "serve/http/fixture.h"

namespace spyre::serve::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start();
  RawClient client = connect();
  for (int i = 0; i < 3; ++i) {
    client.send(get("/hello"));
    const RawAnswer answer = client.read_answer();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.headers.at("content-type"), "text/plain");
    EXPECT_FALSE(answer.headers.contains("connection"));
    EXPECT_THAT(answer.headers.at("date"), testing::EndsWith("GMT"));
  }
  EXPECT_EQ(server_->open_connections(), 1);
}

TEST_F(ServerTest, RoutesByPath) {
  start();
  EXPECT_EQ(ask(get("/v1/models?a=%20b")).body, "/v1/models||a=%20b");
  EXPECT_EQ(ask(get("/v1/models/ibm%2Fgranite%20x")).body,
            "/v1/models/ibm/granite x|ibm/granite x|");
  EXPECT_EQ(ask(get("/metrics/a/b")).body, "/metrics/a/b|a/b|");
  EXPECT_EQ(ask(get("http://elsewhere:80/v1/models?q")).body, "/v1/models||q");
  EXPECT_EQ(ask(get("/v1/models/")).status, 404);
  EXPECT_EQ(ask(get("/v1/models/a/b")).status, 404);
  EXPECT_EQ(ask(get("/")).status, 404);
}

TEST_F(ServerTest, WrongMethodNamesTheRightOnes) {
  start();
  const RawAnswer answer = ask(post("/hello", "x"));
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.headers.at("allow"), "GET, HEAD");
  EXPECT_EQ(ask("DELETE /echo HTTP/1.1\r\nHost: h\r\n\r\n").headers.at("allow"), "POST");
  const RawAnswer options = ask("OPTIONS /later HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.at("allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").status, 204);
}

TEST_F(ServerTest, HeadIsGetWithoutBody) {
  start();
  RawClient client = connect();
  client.send("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n" + get("/hello"));
  const RawAnswer head = client.read_answer(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "5");
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawClient client = connect();
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += post("/echo", std::to_string(i)) + "\r\n";
  client.send(requests);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.read_answer().body, std::to_string(i));
}

TEST_F(ServerTest, PipelinedRequestWaitsForTheAnswerBefore) {
  start();
  RawClient client = connect();
  client.send(get("/later") + get("/hello"));
  const auto exchange = later_.take();
  exchange->send({.body = "first"});
  EXPECT_EQ(client.read_answer().body, "first");
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST_F(ServerTest, BodiesComeInAnyPieces) {
  start();
  RawClient client = connect();
  for (const char letter : post("/echo", "abc")) client.send({&letter, 1});
  EXPECT_EQ(client.read_answer().body, "abc");
  const std::string chunked =
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;name=\"v\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
  for (const char letter : chunked) client.send({&letter, 1});
  EXPECT_EQ(client.read_answer().body, "abc0123456789");
  const std::string large(3'000'000, 'x');
  client.send(post("/echo", large));
  EXPECT_EQ(client.read_answer().body, large);
}

TEST_F(ServerTest, Http10ClosesUnlessAskedNotTo) {
  start();
  RawClient client = connect();
  client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.read_answer().headers.at("connection"), "keep-alive");
  client.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read_answer().headers.at("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(ServerTest, ConnectionCloseIsObeyed) {
  start();
  RawClient client = connect();
  client.send(get("/hello", "Connection: close\r\n"));
  EXPECT_EQ(client.read_answer().body, "hello");
  EXPECT_TRUE(client.at_end());
}

TEST_F(ServerTest, HalfClosedClientGetsItsAnswer) {
  start();
  RawClient client = connect();
  client.send(get("/hello") + get("/later"));
  client.end_sending();
  EXPECT_EQ(client.read_answer().body, "hello");
  const auto exchange = later_.take();
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));  // is it still there?
  exchange->send({.body = "late"});
  const RawAnswer answer = client.read_answer();
  EXPECT_EQ(answer.body, "late");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(ServerTest, ExpectContinueIsAnsweredBeforeTheBody) {
  start();
  RawClient client = connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_EQ(client.read_answer().body, "ok");
}

TEST_F(ServerTest, ForgottenExchangeIsA500) {
  start();
  RawClient client = connect();
  client.send(get("/forgotten") + get("/hello"));
  EXPECT_EQ(client.read_answer().status, 500);
  EXPECT_EQ(client.read_answer().status, 200);
}

TEST_F(ServerTest, HandlersCannotInjectHeaders) {
  start();
  const RawAnswer answer = ask(get("/inject"));
  EXPECT_EQ(answer.headers.at("x-odd"), "a  X-Evil: b");
}

TEST_F(ServerTest, RootPathMayBeThereOrNot) {
  options_.root_path = "/proxy/";
  start();
  EXPECT_EQ(ask(get("/proxy/v1/models/x")).body, "/v1/models/x|x|");
  EXPECT_EQ(ask(get("/v1/models/x")).body, "/v1/models/x|x|");
  EXPECT_EQ(ask(get("/proxyv1/models")).status, 404);
}

TEST_F(ServerTest, KeysGuardWhatIsNotOpen) {
  options_.api_keys = {"first", "second"};
  start();
  const RawAnswer refused = ask(get("/hello"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.at("www-authenticate"), "Bearer");
  EXPECT_EQ(ask(get("/hello", "Authorization: Bearer third\r\n")).status, 401);
  EXPECT_EQ(ask(get("/hello", "Authorization: Basic first\r\n")).status, 401);
  EXPECT_EQ(ask(get("/hello", "Authorization: first\r\n")).status, 401);
  EXPECT_EQ(ask(get("/hello", "Authorization: bEARER second\r\n")).status, 200);
  EXPECT_EQ(ask(get("/health")).status, 200);
  EXPECT_EQ(ask("OPTIONS /hello HTTP/1.1\r\nHost: h\r\n\r\n").status, 204);
}

TEST_F(ServerTest, RefusalKeepsTheConnectionUnlessABodyFollows) {
  options_.api_keys = {"key"};
  start();
  RawClient client = connect();
  client.send(get("/hello") + get("/health"));
  EXPECT_EQ(client.read_answer().status, 401);
  EXPECT_EQ(client.read_answer().status, 200);
  client.send(post("/echo", std::string(2'000'000, 'x')));
  EXPECT_EQ(client.read_answer().status, 401);
  EXPECT_TRUE(client.at_end());
}

TEST_F(ServerTest, CorsAnswersPreflightAndMarksAnswers) {
  options_.cors.origins = {"https://page"};
  options_.api_keys = {"key"};
  start();
  const RawAnswer preflight = ask(
      "OPTIONS /echo HTTP/1.1\r\nHost: h\r\nOrigin: https://page\r\n"
      "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-a, x-b\r\n\r\n");
  EXPECT_EQ(preflight.status, 200);
  EXPECT_EQ(preflight.headers.at("access-control-allow-origin"), "https://page");
  EXPECT_THAT(preflight.headers.at("access-control-allow-methods"), HasSubstr("POST"));
  EXPECT_EQ(preflight.headers.at("access-control-allow-headers"), "x-a, x-b");
  const RawAnswer refused = ask(get("/hello", "Origin: https://page\r\n"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.at("access-control-allow-origin"), "https://page");
  EXPECT_FALSE(ask(get("/health", "Origin: https://other\r\n"))
                   .headers.contains("access-control-allow-origin"));
}

TEST_F(ServerTest, RequestIdsAreEchoedWhenAskedFor) {
  options_.request_id_headers = true;
  start();
  EXPECT_EQ(ask(get("/hello", "X-Request-Id: mine-1\r\n")).headers.at("x-request-id"), "mine-1");
  EXPECT_THAT(ask(get("/hello")).headers.at("x-request-id"), testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(ask(get("/nowhere", "X-Request-Id: mine-2\r\n")).headers.at("x-request-id"), "mine-2");
}

TEST_F(ServerTest, RequestIdIsKnownToTheHandler) {
  start();
  RawClient client = connect();
  client.send(get("/later", "X-Request-Id: mi ne\"\r\n"));
  const auto exchange = later_.take();
  EXPECT_EQ(exchange->request_id(), "mine");
  EXPECT_THAT(exchange->request().client, StartsWith("127.0.0.1:"));
  exchange->send({});
  EXPECT_THAT(client.read_answer().head, Not(HasSubstr("X-Request-Id")));
}

TEST_F(ServerTest, EveryAnswerIsReported) {
  start();
  ask(post("/echo?q", "abc"));
  Logged record = log_.take();
  EXPECT_EQ(record.route, "/echo");
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.request_bytes, 3);
  EXPECT_EQ(record.response_bytes, 3);
  EXPECT_TRUE(record.counted);
  ask(get("/metrics/x"));
  EXPECT_FALSE(log_.take().counted);
  ask(get("/nowhere"));
  record = log_.take();
  EXPECT_EQ(record.route, "none");
  EXPECT_EQ(record.status, 404);
  EXPECT_TRUE(record.counted);
  ask("nonsense\r\n\r\n");
  record = log_.take();
  EXPECT_EQ(record.status, 400);
  EXPECT_FALSE(record.counted);
}

TEST_F(ServerTest, StopAnswersWhatIsInFlight) {
  start();
  RawClient idle = connect();
  idle.send(get("/hello"));
  idle.read_answer();
  RawClient client = connect();
  client.send(get("/later"));
  const auto exchange = later_.take();
  std::thread stopper([this] { server_->stop(std::chrono::seconds(60)); });
  EXPECT_TRUE(idle.at_end());
  exchange->send({.body = "done"});
  const RawAnswer answer = client.read_answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  client.close();
  stopper.join();
  EXPECT_EQ(server_->open_connections(), 0);
  EXPECT_FALSE(RawClient::to_port(port()).read_answer().status);
}

TEST_F(ServerTest, StopWithoutGraceAbandons) {
  start();
  RawClient client = connect();
  client.send(get("/later"));
  const auto exchange = later_.take();
  Handoff<bool> abandoned;
  exchange->on_abandoned([&] { abandoned.put(true); });
  server_->stop(std::chrono::milliseconds(0));
  EXPECT_TRUE(abandoned.take());
  EXPECT_TRUE(client.at_end());
  exchange->send({.body = "into the void"});
  server_.reset();
  exchange->end();  // outlives the server
}

}  // namespace
}  // namespace spyre::serve::http
