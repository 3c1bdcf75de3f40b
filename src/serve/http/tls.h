// The server's certificate, key and rules as a TLS context. Files are read once, at start.
#pragma once

#include <memory>

#include "base/result.h"
#include "serve/http/server.h"

namespace boost::asio::ssl {
class context;
}

namespace spyre::serve::http {

// kInvalidArgument: a file that is missing, is no PEM of its kind, a key of another certificate,
// ciphers that OpenSSL does not know; the message names the flag.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const TlsOptions& options);

}  // namespace spyre::serve::http
