// The server behind TLS, by a client of OpenSSL's own.
#include "serve/http/tls.h"

#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <fstream>

#include "serve/http/certificate.h"
#include "serve/http/fixture.h"

namespace spyre::serve::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};

// A TLS session over a raw connection; blocks.
class TlsClient {
 public:
  TlsClient(uint16_t port, const Certificate* own)
      : raw_(RawClient::to_port(port)), context_(SSL_CTX_new(TLS_client_method())) {
    if (own != nullptr) {
      SSL_CTX_use_certificate_file(context_.get(), own->certificate_file().c_str(),
                                   SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_.get(), own->key_file().c_str(), SSL_FILETYPE_PEM);
    }
    session_.reset(SSL_new(context_.get()));
    SSL_set_fd(session_.get(), raw_.descriptor());
    connected_ = SSL_connect(session_.get()) == 1;
  }

  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  std::string read_until(std::string_view text) {
    std::string read;
    std::array<char, 4096> buffer;
    while (read.find(text) == std::string::npos) {
      const int bytes = SSL_read(session_.get(), buffer.data(), static_cast<int>(buffer.size()));
      if (bytes <= 0) break;
      read.append(buffer.data(), static_cast<size_t>(bytes));
    }
    return read;
  }
  // Whether the server said goodbye, rather than cut the connection.
  bool ended_in_order() {
    char byte = 0;
    const int bytes = SSL_read(session_.get(), &byte, 1);
    return bytes == 0 && SSL_get_error(session_.get(), bytes) == SSL_ERROR_ZERO_RETURN;
  }
  void close() { raw_.close(); }

 private:
  RawClient raw_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> session_;
  bool connected_ = false;
};

class TlsTest : public ServerTest {
 protected:
  TlsTest() {
    options_.tls = TlsOptions{.certificate_file = certificate_.certificate_file(),
                              .key_file = certificate_.key_file()};
  }
  void SetUp() override { signal(SIGPIPE, SIG_IGN); }

  std::string failure() {
    auto server = Server::start(options_, routes());
    return server ? "" : server.error().message;
  }

  Certificate certificate_;
};

TEST_F(TlsTest, AnswersManyRequestsAndLargeBodies) {
  start();
  TlsClient client(port(), nullptr);
  ASSERT_TRUE(client.connected());
  for (int i = 0; i < 3; ++i) {
    client.send(get("/hello"));
    EXPECT_THAT(client.read_until("hello"), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  client.send(post("/echo", std::string(500'000, 'x') + "end"));
  EXPECT_THAT(client.read_until("xend"), StartsWith("HTTP/1.1 200 OK\r\n"));
  client.send(get("/hello", "Connection: close\r\n"));
  client.read_until("hello");
  EXPECT_TRUE(client.ended_in_order());
}

TEST_F(TlsTest, StreamsAndNoticesWhoLeaves) {
  start();
  TlsClient client(port(), nullptr);
  client.send(get("/later"));
  const auto exchange = later_.take();
  exchange->begin({.body = "data: 1\n\n", .content_type = "text/event-stream"});
  client.read_until("data: 1\n\n");
  client.close();
  Handoff<bool> abandoned;
  exchange->on_abandoned([&] { abandoned.put(true); });
  EXPECT_TRUE(abandoned.take());
}

TEST_F(TlsTest, NonsenseInsteadOfAHandshakeIsCutOff) {
  start();
  RawClient client = connect();
  client.send(get("/hello"));
  client.read_to_end();
  RawClient silent = connect();
  silent.end_sending();
  EXPECT_TRUE(silent.at_end());
  EXPECT_TRUE(TlsClient(port(), nullptr).connected());
}

TEST_F(TlsTest, SilentHandshakeIsCutOff) {
  options_.header_timeout = std::chrono::milliseconds(30);
  start();
  RawClient client = connect();
  EXPECT_TRUE(client.at_end());
}

TEST_F(TlsTest, ClientCertificatesAreChecked) {
  const Certificate known;
  const Certificate stranger;
  options_.tls->client_certificate = 2;
  options_.tls->client_ca_file = known.certificate_file();
  start();
  TlsClient welcome(port(), &known);
  welcome.send(get("/hello"));
  EXPECT_THAT(welcome.read_until("hello"), HasSubstr("200 OK"));
  TlsClient nobody(port(), nullptr);
  nobody.send(get("/hello"));
  EXPECT_EQ(nobody.read_until("hello"), "");
  TlsClient other(port(), &stranger);
  other.send(get("/hello"));
  EXPECT_EQ(other.read_until("hello"), "");
}

TEST_F(TlsTest, WrongFilesNameTheirSetting) {
  options_.tls->certificate_file = "/nowhere.pem";
  EXPECT_THAT(failure(), HasSubstr("--ssl-certfile"));
  options_.tls->certificate_file = certificate_.certificate_file();
  const std::string nonsense = (certificate_.folder() / "nonsense.pem").string();
  std::ofstream(nonsense) << "nonsense";
  options_.tls->key_file = nonsense;
  EXPECT_THAT(failure(), HasSubstr("--ssl-keyfile"));
  const Certificate other;
  options_.tls->key_file = other.key_file();
  EXPECT_THAT(failure(), HasSubstr("--ssl-keyfile"));
  options_.tls->key_file = certificate_.key_file();
  options_.tls->client_certificate = 1;
  EXPECT_THAT(failure(), HasSubstr("--ssl-ca-certs"));
  options_.tls->client_certificate = 0;
  options_.tls->ciphers = "NO-SUCH-CIPHER";
  EXPECT_THAT(failure(), HasSubstr("--ssl-ciphers"));
}

}  // namespace
}  // namespace spyre::serve::http
