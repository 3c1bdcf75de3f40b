// Any bytes as text and as token ids, through one tokenizer of each kind: what is not UTF-8 is
// refused, byte-level text comes back as it was, streamed pieces join to the decoded text, and a
// pair of texts is cut to any length that has room for the special tokens.
#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "text/incremental_decoder.h"
#include "text/tokenizer.h"

namespace {

using spyre::text::IncrementalDecoder;
using spyre::text::Tokenizer;

constexpr std::array kNames = {"bpe_smollm", "bpe_llama2", "unigram_bytes", "wordpiece_bert"};

Tokenizer load(const char* name) {
  return *Tokenizer::load(std::filesystem::path(SPYRE_SOURCE_DIR "/tests/reference/tokenizers") /
                          name);
}

// Decoded at once; streamed it must be the same, but where byte tokens of SentencePiece go wrong
// late: then the text differs, and only its being whole characters is checked.
void check_stream(const Tokenizer& tokenizer, std::span<const int32_t> ids, bool exact) {
  for (const bool skip : {false, true}) {
    const auto whole = tokenizer.decode(ids, skip);
    auto decoder = IncrementalDecoder::create(tokenizer, skip, {});
    SPYRE_CHECK(whole && decoder);
    std::string joined;
    for (const int32_t id : ids) {
      const auto piece = decoder->push(id);
      SPYRE_CHECK(piece && tokenizer.encode(*piece, false));
      joined += *piece;
    }
    joined += decoder->flush();
    SPYRE_CHECK(!exact || joined == *whole);
  }
}

void check_truncation(const Tokenizer& tokenizer, std::string_view text) {
  const size_t middle = text.find(' ');
  const std::string_view second = middle == text.npos ? text : text.substr(middle);
  for (const int64_t limit : {0, 4, 5, 17}) {
    const auto pair = tokenizer.encode_pair(text, second, true, {.max_tokens = limit});
    SPYRE_CHECK(pair || limit < 4);
    if (!pair) continue;
    const auto count = static_cast<int64_t>(pair->ids.size());
    SPYRE_CHECK(count == std::min(limit, pair->whole_tokens));
    SPYRE_CHECK(pair->type_ids.size() == pair->ids.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  static const std::array<Tokenizer, 4> kTokenizers = {load(kNames[0]), load(kNames[1]),
                                                       load(kNames[2]), load(kNames[3])};
  if (bytes == 0) return 0;
  const size_t which = data[0] % kTokenizers.size();
  const Tokenizer& tokenizer = kTokenizers[which];
  const std::string_view text(reinterpret_cast<const char*>(data + 1), bytes - 1);
  const bool byte_level = which == 0;
  if (const auto ids = tokenizer.encode(text, true)) {
    if (byte_level) SPYRE_CHECK(*tokenizer.decode(*ids, false) == text);
    check_truncation(tokenizer, text);
    // A text may spell byte tokens, in any order.
    check_stream(tokenizer, *ids, byte_level || text.find("<0x") == std::string_view::npos);
  }
  std::vector<int32_t> ids;
  for (size_t i = 0; i + 1 < text.size() && ids.size() < 64; i += 2) {
    const int32_t id = static_cast<uint8_t>(text[i]) | (static_cast<uint8_t>(text[i + 1]) & 1) << 8;
    ids.push_back(id);
  }
  check_stream(tokenizer, ids, byte_level);
  return 0;
}
