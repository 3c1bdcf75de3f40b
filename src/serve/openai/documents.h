// What the server says of itself: the OpenAPI document of every route, and the page that shows it.
#pragma once

#include <string>
#include <string_view>

namespace spyre::serve::openai {

// OpenAPI 3.1. Request schemas come from the table of request fields. tokenizer_info: that endpoint
// is there.
std::string openapi_document(std::string_view version, bool tokenizer_info = false);

// web/docs.html
std::string_view docs_html();

}  // namespace spyre::serve::openai
