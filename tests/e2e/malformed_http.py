"""Bytes that are no sound request, and what a server says to them: a status, several when requests were pipelined, 0
for a connection that is closed without a word. The client closes its sending half behind each. The server of
malformed_test.py takes 16 KiB and 64 lines of headers."""

HOST = "Host: here\r\n"
GOOD = '{"prompt":"Hello","max_tokens":1}'
JSON = "Content-Type: application/json\r\n"


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def line(text: str) -> str:
    return f"{text}\r\n{HOST}\r\n"


def get(target: str) -> str:
    return line(f"GET {target} HTTP/1.1")


def header(text: str) -> str:
    return f"GET /health HTTP/1.1\r\n{HOST}{text}\r\n\r\n"


def post(headers: str, rest: str) -> str:
    return f"POST /v1/completions HTTP/1.1\r\n{HOST}{JSON}{headers}\r\n{rest}"


def chunks(rest: str) -> str:
    return post("Transfer-Encoding: chunked\r\n", rest)


def sized(body: str) -> str:
    return post(f"Content-Length: {len(body)}\r\n", body)


NO_REQUEST = [
    ("nothing", "", 0),
    ("empty lines", "\r\n\r\n\r\n", 0),
    ("a lone line feed", "\n", 400),
    ("one letter", "G", 400),
    ("zero bytes", "\0" * 1000, 400),
    ("high bytes", "\xff" * 1000, 400),
    ("words", "hello server\r\n\r\n", 400),
    ("a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ("an SSH banner", "SSH-2.0-client\r\n", 400),
    ("a PROXY line", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + get("/health"), 400),
    ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("JSON alone", '{"model": "tiny"}\r\n\r\n', 400),
    ("an answer", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 400),
    ("a byte order mark in front", "\xef\xbb\xbf" + get("/health"), 400),
]

REQUEST_LINES = [
    ("no target", line("GET HTTP/1.1"), 400),
    ("no version", line("GET /health"), 400),
    ("only a method", line("GET"), 400),
    ("HTTP/0.9", line("GET /health HTTP/0.9"), 400),
    ("HTTP/1.2", line("GET /health HTTP/1.2"), 400),
    ("HTTP/2.0", line("GET /health HTTP/2.0"), 400),
    ("HTTP/1", line("GET /health HTTP/1"), 400),
    ("HTTP/x.y", line("GET /health HTTP/x.y"), 400),
    ("another protocol", line("GET /health ICY/1.1"), 400),
    ("two blanks", line("GET  /health HTTP/1.1"), 400),
    ("tabs", line("GET\t/health\tHTTP/1.1"), 400),
    ("a blank in front", line(" GET /health HTTP/1.1"), 400),
    ("words behind", line("GET /health HTTP/1.1 now"), 400),
    ("line feeds alone", "GET /health HTTP/1.1\nHost: here\n\n", 400),
    ("a zero byte in the method", line("G\0T /health HTTP/1.1"), 400),
    ("a method with a colon", line("G:T /health HTTP/1.1"), 400),
    ("a method in small letters", line("get /health HTTP/1.1"), 405),
    ("an unknown method", line("BREW /health HTTP/1.1"), 405),
    ("a long method", line("M" * 10_000 + " /health HTTP/1.1"), 405),
    ("CONNECT", line("CONNECT here:80 HTTP/1.1"), 400),
    ("TRACE", line("TRACE /health HTTP/1.1"), 405),
]

WRONG_METHODS = [
    (f"{method} {path}", f"{method} {path} HTTP/1.1\r\n{HOST}Content-Length: 0\r\n\r\n", 405)
    for method, path in (
        ("GET", "/v1/completions"),
        ("PUT", "/v1/completions"),
        ("DELETE", "/v1/chat/completions"),
        ("PATCH", "/v1/chat/completions"),
        ("POST", "/v1/models"),
        ("DELETE", "/v1/models/tiny"),
        ("POST", "/health"),
        ("GET", "/tokenize"),
        ("PUT", "/detokenize"),
        ("POST", "/version"),
        ("POST", "/openapi.json"),
    )
]

TARGETS = [
    ("relative", get("health"), 400),
    ("*", get("*"), 400),
    ("an authority", get("here:80"), 400),
    ("another scheme", get("ftp://here/health"), 400),
    ("a scheme without host", get("http:///health"), 400),
    ("a fragment", get("/health#top"), 400),
    ("a lone percent", get("/health%"), 400),
    ("half an escape", get("/health%4"), 400),
    ("an escape of letters", get("/health%zz"), 400),
    ("an escape with a sign", get("/health%+1"), 400),
    ("an escaped zero", get("/health%00"), 400),
    ("a wide escape", get("/%u0041"), 400),
    ("an escape twice", get("/%2568ealth"), 404),
    ("dots", get("/../../etc/passwd"), 404),
    ("escaped dots", get("/%2e%2e/%2e%2e/etc/passwd"), 404),
    ("an escaped slash", get("/%2fhealth"), 404),
    ("two slashes", get("//health"), 404),
    ("a backslash", get("\\health"), 400),
    ("a control", get("/hea\x01lth"), 400),
    ("no UTF-8", get("/%ff%fe"), 404),
    ("unknown", get("/v1/nothing"), 404),
    ("unknown, posted", "POST /v2/completions HTTP/1.1\r\n" + HOST + "Content-Length: 2\r\n\r\n{}", 404),
    ("an unknown model", get("/v1/models/nobody"), 404),
    ("an unknown model of no UTF-8", get("/v1/models/%ff%fe"), 404),
    ("an unknown model, long", get("/v1/models/" + "x" * 10_000), 404),
    ("a long path", get("/" + "x" * 10_000), 404),
    ("many segments", get("/a" * 5_000), 404),
    ("an endless path", get("/" + "x" * 100_000), 431),
    ("an endless query", get("/health?" + "x" * 100_000), 431),
]

HEADERS = [
    ("no Host", "GET /health HTTP/1.1\r\n\r\n", 400),
    ("two Hosts", header("Host: there"), 400),
    ("a Host with a path", "GET /health HTTP/1.1\r\nHost: here/there\r\n\r\n", 400),
    ("a Host with a user", "GET /health HTTP/1.1\r\nHost: me@here\r\n\r\n", 400),
    ("no colon", header("Nonsense"), 400),
    ("no name", header(": value"), 400),
    ("a blank before the colon", header("Name : value"), 400),
    ("a blank in the name", header("My Name: value"), 400),
    ("high bytes in the name", header("N\xe4me: value"), 400),
    ("a zero byte in the value", header("Name: va\0lue"), 400),
    ("a control in the value", header("Name: va\x01lue"), 400),
    ("a carriage return in the value", header("Name: va\rlue"), 400),
    ("a line feed in the value", header("Name: va\nlue"), 400),
    ("the first one is folded", "GET /health HTTP/1.1\r\n Host: here\r\n\r\n", 400),
    ("a head without end", "GET /health HTTP/1.1\r\nHost: here\r\n", 400),
    ("a head cut in a name", "GET /health HTTP/1.1\r\nHos", 400),
    ("a head cut in its end", "GET /health HTTP/1.1\r\nHost: here\r\n\r", 400),
    ("a long value", header("Name: " + "x" * 100_000), 431),
    ("a long name", header("x" * 100_000 + ": value"), 431),
    ("long together", header("\r\n".join(f"Name-{i}: {'x' * 1000}" for i in range(40))), 431),
    ("too many", header("\r\n".join(f"N{i}: v" for i in range(100))), 431),
    ("an unknown expectation", header("Expect: miracles"), 417),
    ("a Connection of nonsense", header('Connection: ""'), 400),
]

LENGTHS = [
    ("letters", post("Content-Length: ten\r\n", "0123456789"), 400),
    ("empty", post("Content-Length: \r\n", "0123456789"), 400),
    ("negative", post("Content-Length: -1\r\n", "0123456789"), 400),
    ("a plus", post("Content-Length: +10\r\n", "0123456789"), 400),
    ("hexadecimal", post("Content-Length: 0xa\r\n", "0123456789"), 400),
    ("a fraction", post("Content-Length: 10.0\r\n", "0123456789"), 400),
    ("past 64 bits", post("Content-Length: 18446744073709551616\r\n", "x"), 400),
    ("of 64 bits", post("Content-Length: 18446744073709551615\r\n", "x"), 413),
    ("over the limit", post("Content-Length: 1099511627776\r\n", "x"), 413),
    ("two that differ", post("Content-Length: 1\r\nContent-Length: 2\r\n", "xy"), 400),
    ("a list", post("Content-Length: 1, 2\r\n", "xy"), 400),
    ("before chunks", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
    ("behind chunks", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400),
    ("more than the body", post("Content-Length: 100\r\n", GOOD), 400),
    ("less than the body", post(f"Content-Length: {len(GOOD) - 5}\r\n", GOOD), (400, 400)),
    ("without a body", post("Content-Length: 10\r\n", ""), 400),
    ("neither length nor chunks", post("", GOOD), (400, 400)),
]

CODINGS = [
    ("gzip", post("Transfer-Encoding: gzip\r\n", "x"), 400),
    ("gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400),
    ("chunked, gzip", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400),
    ("chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400),
    ("nearly chunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400),
    ("identity", post("Transfer-Encoding: identity\r\n", "x"), 400),
    ("chunks in HTTP/1.0", "POST /v1/completions HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("a size of letters", chunks("xyz\r\n"), 400),
    ("an empty size", chunks("\r\n\r\n"), 400),
    ("a negative size", chunks("-1\r\n\r\n"), 400),
    ("a size with 0x", chunks("0x1\r\nx\r\n0\r\n\r\n"), 400),
    ("a size over the limit", chunks("ffffffff\r\n"), 413),
    ("a size of 64 bits", chunks("ffffffffffffffff\r\n"), 413),
    ("a size ended by a line feed", chunks("1\nx\r\n0\r\n\r\n"), 400),
    ("longer than its size", chunks("1\r\nxyz\r\n0\r\n\r\n"), 400),
    ("shorter than its size", chunks("5\r\nx\r\n0\r\n\r\n"), 400),
    ("without its end", chunks("3\r\nxyz"), 400),
    ("no last chunk", chunks("1\r\nx\r\n"), 400),
    ("half a last chunk", chunks("0\r\n"), 400),
    ("cut in a size", chunks("1"), 400),
    ("an endless extension", chunks("1;" + "x" * 100_000), 400),
    ("endless zeros", chunks("0" * 100_000), 400),
    ("a trailer without colon", chunks("0\r\nNonsense\r\n\r\n"), 400),
    ("a trailer with a length", chunks("0\r\nContent-Length: 5\r\n\r\n"), 400),
    ("sound chunks of no JSON", chunks("3\r\nxyz\r\n0\r\n\r\n"), 400),
    ("no chunk but the last", chunks("0\r\n\r\n"), 400),
]

PIPELINES = [
    ("rubbish behind a request", get("/health") + "rubbish\r\n\r\n", (200, 400)),
    ("zero bytes behind a request", get("/version") + "\0" * 100, (200, 400)),
    ("half a request behind one", get("/health") + "GET /hea", (200, 400)),
    ("rubbish behind a completion", sized(GOOD) + "rubbish\r\n\r\n", (200, 400)),
    ("rubbish behind a bad completion", sized("{") + "\xff\xfe\r\n\r\n", (400, 400)),
    ("a bad completion between good ones", sized(GOOD) + sized("[]") + sized(GOOD), (200, 400, 200)),
    ("a request behind a bad length", post("Content-Length: x\r\n", "") + get("/health"), 400),
    ("a request behind an unknown path", get("/nothing") + get("/health"), (404, 200)),
    ("a request behind Connection: close", header("Connection: close") + get("/health"), 200),
    ("thirty requests and rubbish", get("/health") * 30 + "?", (200,) * 30 + (400,)),
]

TABLES = {
    "no request": NO_REQUEST,
    "request line": REQUEST_LINES,
    "method": WRONG_METHODS,
    "target": TARGETS,
    "header": HEADERS,
    "length": LENGTHS,
    "coding": CODINGS,
    "pipeline": PIPELINES,
}
CASES = [(f"{table}: {name}", _bytes(sent), right) for table, rows in TABLES.items() for name, sent, right in rows]
