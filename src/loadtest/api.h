// The APIs that load can be put on: where each is asked, what its requests look like, whether its
// answers come as streams.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "loadtest/dataset.h"

namespace spyre::loadtest {

enum class Api { kCompletions, kChat, kEmbeddings, kRerank, kPooling };

// Text comes token by token; the others answer whole, and generate nothing.
inline bool generates(Api api) { return api == Api::kCompletions || api == Api::kChat; }

// "/v1/embeddings"
std::string_view usual_endpoint(Api api);

struct RequestFields {
  Api api = Api::kCompletions;
  std::string model;
  double temperature = 0;
  bool ignore_eos = false;
  Json more = Json::object();  // these win over the others
};

// kInvalidArgument: rerank wants a query and documents, text APIs one text or token ids.
Status check_content(Api api, const Json& content);

// The body of a request. content: as check_content() wants it.
Json request_body(const RequestFields& fields, const Prompt& prompt);

}  // namespace spyre::loadtest
