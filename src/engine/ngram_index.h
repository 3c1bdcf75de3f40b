// The n-grams of one sequence and where each of them ended last, kept up to date token by token: to
// find what followed the text's end the last time costs no search. A hash table per length of
// n-gram holds positions only; what stands there is compared with the tokens themselves, so an
// answer is exact. Knows no model and no request.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace spyre::engine {

class NgramIndex {
 public:
  // n-grams of min to max tokens, 1 <= min <= max.
  NgramIndex(int64_t min_tokens, int64_t max_tokens);

  // The sequence grew. O(max) amortised a token. Memory: 4 bytes a token, and 8 to 16 bytes for
  // each n-gram that occurred.
  void append(int32_t token);
  void append(std::span<const int32_t> tokens) {
    for (const int32_t token : tokens) append(token);
  }

  std::span<const int32_t> tokens() const { return tokens_; }

  // Puts into `draft` up to `most` tokens that followed the most recent earlier occurrence of the
  // longest n-gram at the sequence's end; none when there is no such n-gram. An occurrence so near
  // that it is followed by less goes on with the draft itself: a text that turns in a circle is
  // drafted round and round.
  void propose(int64_t most, std::vector<int32_t>& draft) const;

 private:
  // Of one length.
  struct Table {
    size_t length = 0;  // tokens of an n-gram
    size_t count = 0;   // of slots in use, at most half
    std::vector<uint32_t> slots =
        {};  // where an n-gram ended last (its tokens stand before); 0: free
  };

  uint64_t hash_at(size_t end, size_t length) const;
  uint32_t& slot_of(Table& table, uint64_t hash, size_t end) const;
  void grow(Table& table) const;

  std::vector<int32_t> tokens_;
  std::vector<Table> tables_;  // the shortest n-grams first
  size_t match_ = 0;  // where the n-gram at the sequence's end had ended before; 0: nowhere
};

}  // namespace spyre::engine
