#include "loadtest/api.h"

#include <algorithm>

namespace spyre::loadtest {

namespace {

bool is_texts(const Json& content) {
  return content.is_array() && !content.empty() && content.front().is_string();
}

Json generation_body(const RequestFields& fields, const Prompt& prompt) {
  Json body = {{"model", fields.model},
               {"stream", true},
               {"stream_options", {{"include_usage", true}}},
               {"temperature", fields.temperature}};
  if (fields.api == Api::kChat) {
    body["messages"] = Json::array({{{"role", "user"}, {"content", prompt.content}}});
    body["max_completion_tokens"] = prompt.output_tokens;
  } else {
    body["prompt"] = prompt.content;
    body["max_tokens"] = prompt.output_tokens;
  }
  if (fields.ignore_eos) body["ignore_eos"] = true;
  return body;
}

Json pooling_body(const RequestFields& fields, const Prompt& prompt) {
  // As vLLM's benchmark asks: prompts longer than the model are cut, not refused.
  Json body = {{"model", fields.model}, {"truncate_prompt_tokens", -1}};
  if (fields.api == Api::kRerank) {
    body["query"] = prompt.content.front();
    body["documents"] = Json(prompt.content.begin() + 1, prompt.content.end());
  } else {
    body["input"] = prompt.content;
  }
  return body;
}

}  // namespace

std::string_view usual_endpoint(Api api) {
  switch (api) {
    case Api::kCompletions:
      return "/v1/completions";
    case Api::kChat:
      return "/v1/chat/completions";
    case Api::kEmbeddings:
      return "/v1/embeddings";
    case Api::kRerank:
      return "/rerank";
    case Api::kPooling:
      return "/pooling";
  }
  return "";
}

Status check_content(Api api, const Json& content) {
  if (api == Api::kRerank && !(is_texts(content) && content.size() >= 2)) {
    return error(Code::kInvalidArgument,
                 "wanted a list of texts, the query and then its documents, found {}",
                 is_texts(content) ? "one text" : "one text or token ids");
  }
  if (generates(api) && is_texts(content)) {
    return error(Code::kInvalidArgument, "wanted one text or token ids, found a list of texts");
  }
  return {};
}

Json request_body(const RequestFields& fields, const Prompt& prompt) {
  Json body =
      generates(fields.api) ? generation_body(fields, prompt) : pooling_body(fields, prompt);
  body.update(fields.more);
  return body;
}

}  // namespace spyre::loadtest
