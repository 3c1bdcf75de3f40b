#include "hub/transport.h"

#include <fmt/format.h>

#include "spyre_text.h"

namespace spyre::hub {

namespace {

// The text of an error, empty for none; what the crate made is given back to it.
std::string take(char* text) {
  std::string copy = text == nullptr ? "" : text;
  spyre_hub_error_free(text);
  return copy;
}

struct Exchange {
  const Receiver& receiver;
  Status status;
};

bool on_response(void* context, const SpyreHubResponse* response) noexcept {
  auto& exchange = *static_cast<Exchange*>(context);
  const ResponseHead head{response->status, static_cast<int64_t>(response->first_byte),
                          static_cast<int64_t>(response->retry_after_s), response->error_code,
                          response->error_message};
  exchange.status = exchange.receiver.on_response(head);
  return exchange.status.has_value();
}

bool on_body(void* context, const uint8_t* data, size_t bytes) noexcept {
  auto& exchange = *static_cast<Exchange*>(context);
  exchange.status = exchange.receiver.on_body(std::as_bytes(std::span(data, bytes)));
  return exchange.status.has_value();
}

}  // namespace

void Transport::Free::operator()(SpyreHubClient* client) const { spyre_hub_client_free(client); }

Result<Transport> Transport::create() {
  char* text = nullptr;
  Transport transport(spyre_hub_client_new(&text));
  const std::string why = take(text);
  if (!transport.client_) return error(Code::kInternal, "no client for the hub: {}", why);
  return transport;
}

Status Transport::get(const GetRequest& request, const Receiver& receiver) const {
  Exchange exchange{receiver, {}};
  const SpyreHubGet get{request.url.c_str(), request.token.c_str(),
                        static_cast<uint64_t>(request.first_byte),
                        static_cast<uint64_t>(request.idle_timeout.count())};
  const SpyreHubSink sink{&exchange, on_response, on_body};
  char* text = nullptr;
  const int32_t outcome = spyre_hub_get(client_.get(), &get, &sink, &text);
  const std::string why = take(text);
  switch (outcome) {
    case SPYRE_HUB_OK:
      return {};
    case SPYRE_HUB_STOPPED:
      return exchange.status;
    case SPYRE_HUB_BAD_REQUEST:
      return error(Code::kInvalidArgument, "{}: cannot be asked for: {}; see HF_ENDPOINT, HF_TOKEN",
                   request.url, why);
    case SPYRE_HUB_UNREACHABLE:
      return error(Code::kUnavailable, "{}: {}", request.url, why);
    default:
      return error(Code::kInternal, "{}: {}", request.url, why);
  }
}

std::string percent_encode(std::string_view text, bool keep_slashes) {
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").contains(c) || (keep_slashes && c == '/');
    if (plain) {
      result += c;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

}  // namespace spyre::hub
