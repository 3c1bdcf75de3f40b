// The word that a mistyped one was probably meant to be. Knows nothing of flags or settings.
#pragma once

#include <span>
#include <string_view>

namespace spyre::config {

// The candidate with the fewest insertions, deletions, replacements and swaps of neighbours away
// from word (optimal string alignment; Damerau 1964), at most a third of the word's length; empty
// when none is near. Words beyond 64 bytes are near nothing.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace spyre::config
