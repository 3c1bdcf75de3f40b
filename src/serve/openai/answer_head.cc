#include "serve/openai/answer_head.h"

#include <chrono>

namespace spyre::serve::openai {

namespace {

int64_t unix_now_s() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

std::string request_id(const Visit& visit, const RequestFields& fields) {
  const http::Request& request = visit.exchange->request();
  const bool own = request.header("x-request-id").empty() && !fields.request_id.empty();
  return own ? fields.request_id : visit.exchange->request_id();
}

}  // namespace

AnswerHead answer_head(const Visit& visit, const RequestFields& fields,
                       std::string_view id_prefix) {
  const Service& service = visit.service;
  return {.id = fmt::format("{}{}", id_prefix, request_id(visit, fields)),
          .created_s = service.unix_seconds ? service.unix_seconds() : unix_now_s(),
          .model = fields.model.empty() ? service.model_names.front() : fields.model};
}

}  // namespace spyre::serve::openai
