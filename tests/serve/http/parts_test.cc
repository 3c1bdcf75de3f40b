// The parts that need no socket: targets, routes, keys, origins, ids, heads, the parser's pieces.
#include <gmock/gmock.h>

#include "serve/http/access_log.h"
#include "serve/http/cors.h"
#include "serve/http/keys.h"
#include "serve/http/request_id.h"
#include "serve/http/request_parser.h"
#include "serve/http/response_head.h"
#include "serve/http/router.h"
#include "serve/http/target.h"
#include "serve/http/text.h"

namespace spyre::serve::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Text, ListsAndCase) {
  EXPECT_TRUE(equal_ignoring_case("Content-Length", "cONTENT-lENGTH"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
  EXPECT_THAT(list_elements(" a ,,\tb,c , "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(list_elements(""), IsEmpty());
}

TEST(Target, IsTakenApart) {
  const auto target = parse_target("/a%2Fb//c?x=%zz&y");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("a/b", "", "c"));
  EXPECT_EQ(target->query, "x=%zz&y");
  EXPECT_EQ(target->path(), "/a/b//c");
  EXPECT_EQ(parse_target("HTTPS://host?q")->path(), "/");
  EXPECT_EQ(parse_target("http://host/p?q?r")->query, "q?r");
  EXPECT_TRUE(parse_target("*")->asterisk);
  for (const char* wrong : {"", "a", "**", "http://", "http:///x", "//x#y", "/%", "/%0", "/%00"}) {
    EXPECT_FALSE(parse_target(wrong)) << wrong;
  }
}

Route route(std::string method, std::string path) {
  return {.method = std::move(method), .path = std::move(path), .handler = nullptr};
}

TEST(Router, SpecialBeatsGeneral) {
  const auto router = Router::create(
      {route("GET", "/*"), route("GET", "/a/{x}"), route("GET", "/a/b"), route("POST", "/a/b"),
       route("HEAD", "/a/b"), route("GET", "/{y}/b"), route("GET", "/")},
      "");
  ASSERT_TRUE(router);
  const auto found = [&](std::string_view method, std::string_view path) {
    Target target = *parse_target(path);
    const Match match = router->find(method, target);
    return match.route == nullptr
               ? "none"
               : match.route->method + " " + match.route->path + " " + match.path_value;
  };
  EXPECT_EQ(found("GET", "/a/b"), "GET /a/b ");
  EXPECT_EQ(found("HEAD", "/a/b"), "HEAD /a/b ");
  EXPECT_EQ(found("HEAD", "/a/c"), "GET /a/{x} c");
  EXPECT_EQ(found("POST", "/a/b"), "POST /a/b ");
  EXPECT_EQ(found("GET", "/c/b"), "GET /{y}/b c");
  EXPECT_EQ(found("GET", "/c/d/e"), "GET /* c/d/e");
  EXPECT_EQ(found("GET", "/"), "GET / ");
  EXPECT_EQ(found("PUT", "/a/b"), "none");
}

TEST(Router, RefusesWhatMakesNoSense) {
  EXPECT_FALSE(Router::create({route("GET", "/a"), route("GET", "/a")}, ""));
  EXPECT_FALSE(Router::create({route("GET", "a")}, ""));
  EXPECT_FALSE(Router::create({route("GET", "/*/a")}, ""));
  EXPECT_FALSE(Router::create({route("GET", "/a")}, "prefix"));
  EXPECT_TRUE(Router::create({route("GET", "/a"), route("POST", "/a")}, "/"));
}

TEST(Keys, AcceptOnlyTheirOwn) {
  const std::vector<std::string> keys = {"one", "two words"};
  const Keys guarded(keys);
  EXPECT_TRUE(guarded.accept("Bearer one"));
  EXPECT_TRUE(guarded.accept("  bearer   one "));
  EXPECT_TRUE(guarded.accept("BEARER two words"));
  for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer on", "Bearer onee", "one", "Beare one",
                            "Basic one", "Bearer one, two", "Bearer One"}) {
    EXPECT_FALSE(guarded.accept(wrong)) << wrong;
  }
  EXPECT_TRUE(Keys({}).accept(""));
}

Request request(std::string method, Headers headers) {
  return {.method = std::move(method),
          .path = "/",
          .query = "",
          .headers = std::move(headers),
          .body = ""};
}

TEST(Cors, NoneWithoutOrigins) {
  const Cors cors({});
  const Request asked =
      request("OPTIONS", {{"Origin", "https://a"}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_FALSE(cors.preflight(asked));
  EXPECT_THAT(cors.headers(asked), IsEmpty());
}

TEST(Cors, StarAndCredentials) {
  const Request asked = request("GET", {{"Origin", "https://a"}});
  EXPECT_THAT(Cors({.origins = {"*"}}).headers(asked),
              ElementsAre(std::pair("Access-Control-Allow-Origin", "*")));
  EXPECT_THAT(Cors({.origins = {"*"}, .credentials = true}).headers(asked),
              ElementsAre(std::pair("Access-Control-Allow-Origin", "https://a"),
                          std::pair("Access-Control-Allow-Credentials", "true"),
                          std::pair("Vary", "Origin")));
  EXPECT_THAT(Cors({.origins = {"https://b"}}).headers(asked),
              ElementsAre(std::pair("Vary", "Origin")));
}

TEST(Cors, PreflightSaysWhatIsNotAllowed) {
  const Cors cors({.origins = {"https://a"}, .methods = {"GET", "POST"}, .headers = {"X-A"}});
  const auto ask = [&](std::string origin, std::string method, std::string headers) {
    return *cors.preflight(request("OPTIONS", {{"Origin", std::move(origin)},
                                               {"Access-Control-Request-Method", method},
                                               {"Access-Control-Request-Headers", headers}}));
  };
  EXPECT_EQ(ask("https://a", "POST", "x-a").status, 200);
  const Response refused = ask("https://b", "PUT", "x-b");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body, "Disallowed CORS origin, method, headers");
  EXPECT_FALSE(cors.preflight(request("OPTIONS", {{"Origin", "https://a"}})));
  EXPECT_FALSE(cors.preflight(request("GET", {{"Origin", "https://a"}})));
}

TEST(RequestId, KeepsWhatCanBePrinted) {
  EXPECT_EQ(request_id("abc-1_2.3"), "abc-1_2.3");
  EXPECT_EQ(request_id("a\r\nb\"c\\d\x80 e"), "abcde");
  EXPECT_EQ(request_id(std::string(500, 'x')).size(), 128u);
  EXPECT_THAT(request_id(""), testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(request_id(" "), request_id(" "));
}

TEST(ResponseHead, SaysWhatTheFramingIs) {
  const Response response{.status = 200, .body = "x", .content_type = "text/plain"};
  const std::string whole = response_head(response, {{"A", "b\nc"}}, {.content_length = 1}, 0);
  EXPECT_EQ(whole,
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "Content-Type: text/plain\r\nContent-Length: 1\r\nA: b c\r\n\r\n");
  EXPECT_THAT(response_head(response, {}, {}, 0), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(response_head({.status = 204}, {}, {.content_length = 0}, 0),
              Not(HasSubstr("Content-")));
  EXPECT_THAT(response_head(response, {}, {.keep_alive = false}, 0),
              HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(chunk("0123456789abcdef"), "10\r\n0123456789abcdef\r\n");
  EXPECT_EQ(chunk(""), "");
}

// What a parser makes of `text` that comes in pieces of so many bytes.
std::string parsed(std::string_view text, size_t piece_bytes) {
  RequestParser parser({});
  std::string waiting;
  while (!parser.complete() && !parser.failure()) {
    const size_t taken = parser.take(waiting);
    waiting.erase(0, taken);
    if (taken > 0 || parser.failure() || parser.complete()) continue;
    if (text.empty()) return "unfinished";
    const size_t bytes = std::min(piece_bytes, text.size());
    waiting += text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  if (parser.failure()) return std::to_string(parser.failure()->status);
  const Request& found = parser.request();
  return fmt::format("{} {} {} {} +{}", found.method, parser.target(), found.headers.size(),
                     found.body, waiting.size() + text.size());
}

TEST(RequestParser, PiecesDoNotMatter) {
  const std::string_view chunked =
      "POST /x HTTP/1.1\r\nHost: h\r\nA:  b \r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;a=b\r\nwiki\r\n05\r\npedia\r\n0\r\nT: u\r\n\r\nGET";
  const std::string_view fixed = "PUT /y HTTP/1.1\r\nHost:\r\nContent-Length: 3\r\n\r\nabc\r\n";
  for (size_t piece = 1; piece < chunked.size(); ++piece) {
    EXPECT_EQ(parsed(chunked, piece), "POST /x 3 wikipedia +3") << piece;
    EXPECT_EQ(parsed(fixed, piece), "PUT /y 2 abc +2") << piece;
  }
}

TEST(RequestParser, FoldedValuesAndRepeatedHeadersAreKept) {
  RequestParser parser({});
  parser.take("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\nA: d\r\n\r\n");
  ASSERT_TRUE(parser.complete());
  EXPECT_EQ(parser.request().header("a"), "b c");
  EXPECT_EQ(parser.request().headers.size(), 3u);
  EXPECT_EQ(parser.request().header("none"), "");
  EXPECT_TRUE(parser.keep_alive());
  EXPECT_FALSE(parser.expects_continue());
}

TEST(AccessLog, ALineARequestThatNobodyCanForge) {
  const Request request{
      .method = "GET", .path = "/a b\n\"x", .query = "q=\x1b[0m", .headers = {}, .body = ""};
  const AccessRecord record{
      .request = request, .route = "none", .status = 404, .client = "127.0.0.1:9"};
  EXPECT_EQ(access_line(record),
            "127.0.0.1:9 - \"GET /a%20b%0A%22x?q=%1B[0m HTTP/1.1\" 404 Not Found");
}

TEST(AccessLog, ProbesAndHiddenPathsHaveNone) {
  const Request request{
      .method = "POST", .path = "/tokenize", .query = "", .headers = {}, .body = ""};
  AccessRecord record{.request = request, .route = "/tokenize", .client = "unix"};
  EXPECT_TRUE(is_logged({}, record));
  EXPECT_FALSE(is_logged({.enabled = false}, record));
  EXPECT_FALSE(is_logged({.hidden_paths = {"/v1/models", "/tokenize"}}, record));
  record.counted = false;
  EXPECT_FALSE(is_logged({}, record));
}

}  // namespace
}  // namespace spyre::serve::http
