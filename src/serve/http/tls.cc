#include "serve/http/tls.h"

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

namespace spyre::serve::http {

namespace ssl = boost::asio::ssl;
using Failure = boost::system::error_code;

namespace {

Status check(const Failure& failure, std::string_view flag, std::string_view what,
             const std::string& file) {
  if (!failure) return {};
  return error(Code::kInvalidArgument, "{}: wanted {}, found {}: {}", flag, what,
               file.empty() ? "none" : file, failure.message());
}

Status set_client_certificates(ssl::context& context, const TlsOptions& options) {
  Failure failure;
  if (options.client_certificate == 0) {
    context.set_verify_mode(ssl::verify_none, failure);
    return {};
  }
  context.load_verify_file(options.client_ca_file, failure);
  SPYRE_TRY(check(failure, "--ssl-ca-certs", "a PEM file of authorities (for --ssl-cert-reqs)",
                  options.client_ca_file));
  const auto mode = options.client_certificate == 1
                        ? ssl::verify_peer
                        : ssl::verify_peer | ssl::verify_fail_if_no_peer_cert;
  context.set_verify_mode(mode, failure);
  return {};
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_tls_context(const TlsOptions& options) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
  Failure failure;
  context->use_certificate_chain_file(options.certificate_file, failure);
  SPYRE_TRY(
      check(failure, "--ssl-certfile", "a PEM certificate (chain)", options.certificate_file));
  // The usual habit: one file for both.
  const std::string& key = options.key_file.empty() ? options.certificate_file : options.key_file;
  context->use_private_key_file(key, ssl::context::pem, failure);
  SPYRE_TRY(check(failure, "--ssl-keyfile", "the PEM private key of --ssl-certfile", key));
  if (SSL_CTX_check_private_key(native) != 1) {
    return error(Code::kInvalidArgument, "--ssl-keyfile: {} is not the key of {}", key,
                 options.certificate_file);
  }
  if (!options.ciphers.empty() && SSL_CTX_set_cipher_list(native, options.ciphers.c_str()) != 1) {
    return error(Code::kInvalidArgument, "--ssl-ciphers: OpenSSL knows none of '{}'",
                 options.ciphers);
  }
  SPYRE_TRY(set_client_certificates(*context, options));
  return context;
}

}  // namespace spyre::serve::http
