// Any bytes as a grammar of any kind (the first says which, and its options): it compiles and its
// first tokens can be followed, or it is an error, in bounded time and memory.
#include <string_view>
#include <vector>

#include "text/grammar.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using spyre::text::GrammarKind;
  using spyre::text::GrammarState;
  using spyre::text::Tokenizer;
  static const Tokenizer kTokenizer =
      *Tokenizer::load(SPYRE_SOURCE_DIR "/tests/reference/tokenizers/bpe_smollm");
  static spyre::text::GrammarCompiler compiler(kTokenizer, kTokenizer.vocab_size(),
                                               kTokenizer.stop_ids());
  if (bytes == 0) return 0;
  spyre::text::GrammarSpec spec{
      .kind = static_cast<GrammarKind>(data[0] % 8 % 5),
      .text = std::string(reinterpret_cast<const char*>(data + 1), bytes - 1),
      .no_whitespace = (data[0] & 0x10) != 0,
      .no_additional_properties = (data[0] & 0x20) != 0};
  if ((data[0] & 0x40) != 0) spec.whitespace_pattern = spec.text.substr(0, 8);
  const auto grammar = compiler.compile(spec);
  if (!grammar) return 0;
  auto state = GrammarState::create(**grammar);
  SPYRE_CHECK(state.has_value());
  std::vector<uint32_t> words(static_cast<size_t>(kTokenizer.vocab_size() + 31) / 32);
  for (size_t step = 0; step < 8; ++step) {
    if (!state->mask(words)) return 0;
    // One of the allowed tokens, by the text itself.
    size_t id = data[step % bytes];
    const size_t all = words.size() * 32;
    for (size_t tried = 0; tried < all && !((words[id / 32] >> (id % 32)) & 1); ++tried) {
      id = (id + 1) % all;
    }
    const auto ended = state->accept(static_cast<int32_t>(id));
    if (!ended || *ended) return 0;
  }
  return 0;
}
