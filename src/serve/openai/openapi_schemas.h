// JSON schemas (2020-12) of what the API takes and gives. Those of requests are made from the table
// of request fields, so that a document never promises what the parser refuses.
#pragma once

#include "base/json.h"
#include "serve/openai/request_fields.h"

namespace spyre::serve::openai {

// The object of all fields that `taker` takes.
Json request_schema(Taker taker);

// Every named schema, for components.schemas.
Json component_schemas();

// {"$ref": "#/components/schemas/<name>"}
Json schema_ref(std::string_view name);

}  // namespace spyre::serve::openai
