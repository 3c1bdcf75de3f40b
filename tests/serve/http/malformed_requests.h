// Requests that no server should fall for: what is sent, after which the client closes its sending
// half, and which status may come back (0: the connection is closed without a word). They hold for
// any server of this room that answers GET /health and POST /v1/completions, whatever it serves,
// and has the default limits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spyre::serve::http {

struct MalformedRequest {
  std::string name;
  std::string bytes;
  std::vector<int> statuses;
};

inline std::vector<MalformedRequest> malformed_requests() {
  using namespace std::string_literals;
  const std::string host = "Host: here\r\n";
  const std::string end = host + "\r\n";
  const auto line = [&](const std::string& text) { return text + "\r\n" + end; };
  const auto header = [&](const std::string& text) {
    return "GET /health HTTP/1.1\r\n" + host + text + "\r\n\r\n";
  };
  const auto body = [&](const std::string& headers, const std::string& rest) {
    return "POST /v1/completions HTTP/1.1\r\n" + host + headers + "\r\n" + rest;
  };
  const auto chunks = [&](const std::string& rest) {
    return body("Transfer-Encoding: chunked\r\n", rest);
  };
  const auto path = [&](const std::string& text) { return line("GET " + text + " HTTP/1.1"); };

  return {
      // No request at all.
      {"nothing", "", {0}},
      {"empty lines only", "\r\n\r\n\r\n", {0}},
      {"a lone carriage return", "\r", {0, 400}},
      {"a lone line feed", "\n", {400}},
      {"one letter", "G", {400}},
      {"a zero byte", "\0"s, {400}},
      {"zero bytes", std::string(1000, '\0'), {400}},
      {"high bytes", std::string(1000, '\xff'), {400}},
      {"words", "hello server\r\n\r\n", {400}},
      {"a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, {400}},
      {"an SSH banner", "SSH-2.0-client\r\n", {400}},
      {"a PROXY line", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + path("/health"), {400}},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}},
      {"JSON without a request", "{\"model\": \"x\"}\r\n\r\n", {400}},
      {"an answer instead", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", {400}},
      {"a byte order mark", "\xef\xbb\xbf" + path("/health"), {400}},
      // The request line.
      {"no target", line("GET HTTP/1.1"), {400}},
      {"no version", line("GET /health"), {400}},
      {"method only", line("GET"), {400}},
      {"HTTP/0.9", "GET /health\r\n", {400}},
      {"version 0.9", line("GET /health HTTP/0.9"), {400}},
      {"version 1.2", line("GET /health HTTP/1.2"), {400}},
      {"version 2.0", line("GET /health HTTP/2.0"), {400}},
      {"version 9.9", line("GET /health HTTP/9.9"), {400}},
      {"version 1", line("GET /health HTTP/1"), {400}},
      {"version 1.10", line("GET /health HTTP/1.10"), {400}},
      {"version of letters", line("GET /health HTTP/x.y"), {400}},
      {"version in small letters", line("GET /health http/1.1"), {400}},
      {"another protocol", line("GET /health ICY/1.1"), {400}},
      {"negative version", line("GET /health HTTP/-1.1"), {400}},
      {"two blanks before the target", line("GET  /health HTTP/1.1"), {400}},
      {"two blanks after the target", line("GET /health  HTTP/1.1"), {400}},
      {"tabs for blanks", line("GET\t/health\tHTTP/1.1"), {400}},
      {"blank in front", line(" GET /health HTTP/1.1"), {400}},
      {"blank behind", line("GET /health HTTP/1.1 "), {400}},
      {"words behind", line("GET /health HTTP/1.1 now"), {400}},
      {"blank in the target", line("GET /heal th HTTP/1.1"), {400}},
      {"line feed alone after the request line", "GET /health HTTP/1.1\n" + end, {400}},
      {"line feeds only", "GET /health HTTP/1.1\nHost: here\n\n", {400}},
      {"carriage return inside", line("GET /hea\rlth HTTP/1.1"), {400}},
      {"zero byte in the method", line("G\0T /health HTTP/1.1"s), {400}},
      {"zero byte in the target", line("GET /hea\0lth HTTP/1.1"s), {400}},
      {"control in the target", line("GET /hea\x01lth HTTP/1.1"), {400}},
      {"delete in the target", line("GET /hea\x7flth HTTP/1.1"), {400}},
      {"method with a colon", line("G:T /health HTTP/1.1"), {400}},
      {"method with brackets", line("G(T) /health HTTP/1.1"), {400}},
      {"method of high bytes", line("G\xc3\x84T /health HTTP/1.1"), {400}},
      {"empty method", line(" /health HTTP/1.1"), {400}},
      {"method in small letters", line("get /health HTTP/1.1"), {405}},
      {"unknown method", line("BREW /health HTTP/1.1"), {405}},
      {"long method", line(std::string(100'000, 'M') + " /health HTTP/1.1"), {405}},
      {"CONNECT", line("CONNECT here:80 HTTP/1.1"), {400}},
      {"TRACE", line("TRACE /health HTTP/1.1"), {405}},
      // The target.
      {"empty target", line("GET  HTTP/1.1"), {400}},
      {"relative target", path("health"), {400}},
      {"target *", path("*"), {400}},
      {"authority only", path("here:80"), {400}},
      {"another scheme", path("ftp://here/health"), {400}},
      {"scheme without host", path("http:///health"), {400}},
      {"scheme only", path("http://"), {400}},
      {"fragment", path("/health#top"), {400}},
      {"lone percent", path("/health%"), {400}},
      {"half an escape", path("/health%4"), {400}},
      {"escape of letters", path("/health%zz"), {400}},
      {"escape with a sign", path("/health%+1"), {400}},
      {"escaped zero", path("/health%00"), {400}},
      {"escape cut by a slash", path("/%2/health"), {400}},
      {"wide escape", path("/%u0041"), {400}},
      {"double escape", path("/%2568ealth"), {404}},
      {"dot segments", path("/../../etc/passwd"), {404}},
      {"escaped dot segments", path("/%2e%2e/%2e%2e/etc/passwd"), {404}},
      {"escaped slash", path("/%2fhealth"), {404}},
      {"backslashes", path("\\health"), {400}},
      {"double slash", path("//health"), {404}},
      {"invalid UTF-8", path("/%ff%fe"), {404}},
      {"long target", path("/" + std::string(100'000, 'x')), {404}},
      {"endless target", "GET /" + std::string(5'000'000, 'x'), {431}},
      // Headers.
      {"no Host", "GET /health HTTP/1.1\r\n\r\n", {400}},
      {"two Hosts", header("Host: there"), {400}},
      {"two equal Hosts", header("Host: here"), {400}},
      {"Host with a path", "GET /health HTTP/1.1\r\nHost: here/there\r\n\r\n", {400}},
      {"Host with a user", "GET /health HTTP/1.1\r\nHost: me@here\r\n\r\n", {400}},
      {"Host with a blank", "GET /health HTTP/1.1\r\nHost: he re\r\n\r\n", {400}},
      {"Host with a comma", "GET /health HTTP/1.1\r\nHost: here, there\r\n\r\n", {400}},
      {"header without colon", header("Nonsense"), {400}},
      {"header without name", header(": value"), {400}},
      {"colon only", header(":"), {400}},
      {"blank before the colon", header("Name : value"), {400}},
      {"tab before the colon", header("Name\t: value"), {400}},
      {"blank in the name", header("My Name: value"), {400}},
      {"brackets in the name", header("(Name): value"), {400}},
      {"high bytes in the name", header("N\xc3\xa4me: value"), {400}},
      {"zero byte in the name", header("Na\0me: value"s), {400}},
      {"zero byte in the value", header("Name: va\0lue"s), {400}},
      {"control in the value", header("Name: va\x01lue"), {400}},
      {"delete in the value", header("Name: va\x7flue"), {400}},
      {"carriage return in the value", header("Name: va\rlue"), {400}},
      {"line feed in the value", header("Name: va\nlue"), {400}},
      {"line feed for an end", header("Name: value\nOther: value"), {400}},
      {"first header is folded", "GET /health HTTP/1.1\r\n Host: here\r\n\r\n", {400}},
      {"head without end", "GET /health HTTP/1.1\r\nHost: here\r\n", {400}},
      {"head cut in a name", "GET /health HTTP/1.1\r\nHos", {400}},
      {"head cut in a value", "GET /health HTTP/1.1\r\nHost: he", {400}},
      {"head cut in its end", "GET /health HTTP/1.1\r\nHost: here\r\n\r", {400}},
      {"head cut in the version", "GET /health HTTP/1.", {400}},
      {"long header", header("Name: " + std::string(5'000'000, 'x')), {431}},
      {"long name", header(std::string(5'000'000, 'x') + ": value"), {431}},
      {"too many headers",
       [&] {
         std::string many = "GET /health HTTP/1.1\r\n";
         for (int i = 0; i < 300; ++i) many += "Name-" + std::to_string(i) + ": value\r\n";
         return many + end;
       }(),
       {431}},
      {"connection of nonsense", header("Connection: \"\""), {400}},
      {"unknown expectation", header("Expect: miracles"), {417}},
      // Lengths.
      {"length of letters", body("Content-Length: ten\r\n", "0123456789"), {400}},
      {"empty length", body("Content-Length: \r\n", "0123456789"), {400}},
      {"negative length", body("Content-Length: -1\r\n", "0123456789"), {400}},
      {"length with a plus", body("Content-Length: +10\r\n", "0123456789"), {400}},
      {"hexadecimal length", body("Content-Length: 0xa\r\n", "0123456789"), {400}},
      {"fractional length", body("Content-Length: 10.0\r\n", "0123456789"), {400}},
      {"length in words", body("Content-Length: 1 0\r\n", "0123456789"), {400}},
      {"length past 64 bits", body("Content-Length: 18446744073709551616\r\n", "x"), {400}},
      {"length of 64 bits", body("Content-Length: 18446744073709551615\r\n", "x"), {413}},
      {"length of 40 digits", body("Content-Length: " + std::string(40, '9') + "\r\n", "x"), {400}},
      {"length over the limit", body("Content-Length: 1099511627776\r\n", "x"), {413}},
      {"two lengths", body("Content-Length: 1\r\nContent-Length: 2\r\n", "xy"), {400}},
      {"a list of lengths", body("Content-Length: 1, 2\r\n", "xy"), {400}},
      {"length and chunks",
       body("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
       {400}},
      {"chunks and length",
       body("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
       {400}},
      {"body shorter than its length", body("Content-Length: 10\r\n", "012"), {400}},
      {"no body at all", body("Content-Length: 10\r\n", ""), {400}},
      // Codings and chunks.
      {"unknown coding", body("Transfer-Encoding: gzip\r\n", "x"), {400}},
      {"coding before chunked", body("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), {400}},
      {"chunked is not last", body("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), {400}},
      {"chunked twice", body("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), {400}},
      {"two codings",
       body("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
       {400}},
      {"chunked, nearly", body("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), {400}},
      {"chunked behind a control",
       body("Transfer-Encoding: \x0b"
            "chunked\r\n",
            "0\r\n\r\n"),
       {400}},
      {"identity", body("Transfer-Encoding: identity\r\n", "x"), {400}},
      {"chunks in HTTP/1.0",
       "POST /v1/completions HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       {400}},
      {"chunk size of letters", chunks("xyz\r\n"), {400}},
      {"empty chunk size", chunks("\r\n\r\n"), {400}},
      {"negative chunk size", chunks("-1\r\n\r\n"), {400}},
      {"chunk size with a plus", chunks("+1\r\nx\r\n0\r\n\r\n"), {400}},
      {"chunk size with 0x", chunks("0x1\r\nx\r\n0\r\n\r\n"), {400}},
      {"chunk size with a blank in front", chunks(" 1\r\nx\r\n0\r\n\r\n"), {400}},
      {"chunk size past 64 bits", chunks("10000000000000000\r\n"), {400, 413}},
      {"chunk size over the limit", chunks("ffffffff\r\n"), {413}},
      {"chunk size of 64 bits", chunks("ffffffffffffffff\r\n"), {413}},
      {"chunk size ended by a line feed", chunks("1\nx\r\n0\r\n\r\n"), {400}},
      {"chunk longer than its size", chunks("1\r\nxyz\r\n0\r\n\r\n"), {400}},
      {"chunk shorter than its size", chunks("5\r\nx\r\n0\r\n\r\n"), {400}},
      {"chunk without its end", chunks("3\r\nxyz"), {400}},
      {"chunks without the last", chunks("1\r\nx\r\n"), {400}},
      {"last chunk without its end", chunks("0\r\n"), {400}},
      {"bad extension", chunks("1;=\r\nx\r\n0\r\n\r\n"), {400}},
      {"endless extension", chunks("1;" + std::string(100'000, 'x')), {400}},
      {"endless zeros", chunks(std::string(100'000, '0')), {400}},
      {"trailer without colon", chunks("0\r\nNonsense\r\n\r\n"), {400}},
      {"trailer with a length", chunks("0\r\nContent-Length: 5\r\n\r\n"), {400}},
      {"endless trailers", chunks("0\r\nName: " + std::string(5'000'000, 'x')), {400, 431}},
      {"body cut in a chunk's size", chunks("1"), {400}},
  };
}

}  // namespace spyre::serve::http
