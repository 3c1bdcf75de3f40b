// The typed key-value pairs at the front of a GGUF file, as JSON: numbers, texts, arrays of them.
// Every count is held against the bytes that are left before anything is allocated.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "checkpoint/byte_cursor.h"

namespace spyre::checkpoint {

// Well-formed by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// A length and a text, as keys and tensor names are stored. kDataLoss: empty, not UTF-8 or longer
// than any name.
Result<std::string> read_gguf_name(ByteCursor& cursor);

// Reads `count` keys at the cursor. kDataLoss: the file ends too early, a type does not exist, a
// key is there twice, a text is no UTF-8. kUnsupported: absurdly many array elements.
Result<Json> read_gguf_metadata(ByteCursor& cursor, uint64_t count, std::string_view source);

}  // namespace spyre::checkpoint
