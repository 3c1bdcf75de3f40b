#include "loadtest/dataset.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <sstream>

namespace spyre::loadtest {

namespace {

constexpr std::string_view kText =
    "The river ran low in the dry months, and people who lived along its banks counted stones that "
    "no one had seen for years. Old boats lay upside down behind every second house. In the "
    "morning a train crossed the iron bridge; in the evening it came back with newspapers, bread, "
    "a doctor, sometimes a stranger. Children learned to tell time by that whistle. Rain fell at "
    "last in October, first as mist, then as a steady grey curtain, and the water rose over the "
    "stones, the roots, the lowest steps. Nobody minded wet shoes. They opened windows, lit lamps, "
    "made tea and talked about seeds, prices, weddings, engines, the price of salt and the shape "
    "of clouds. When winter arrived, the surface froze so clear that fish could be watched like "
    "slow thoughts beneath a sheet of glass; by spring all of it was forgotten again.";

std::vector<std::string> words() {
  std::istringstream stream{std::string(kText)};
  std::vector<std::string> found;
  for (std::string word; stream >> word;) found.push_back(word);
  return found;
}

int64_t draw_length(int64_t mean, double ratio, std::mt19937_64& random) {
  const auto scaled = [mean](double factor) {
    return std::max<int64_t>(1, std::llround(static_cast<double>(mean) * factor));
  };
  return std::uniform_int_distribution<int64_t>(scaled(1 - ratio), scaled(1 + ratio))(random);
}

// piece: the next of a prompt's tokens.
template <typename Content, typename Add>
std::vector<Prompt> random_prompts(const RandomPrompts& options, size_t choices, Add add) {
  std::mt19937_64 random(options.seed);
  std::uniform_int_distribution<size_t> choice(0, choices - 1);
  std::vector<Prompt> prompts;
  for (int64_t i = 0; i < options.count; ++i) {
    Prompt prompt;
    prompt.prompt_tokens = draw_length(options.prompt_tokens, options.range_ratio, random);
    prompt.output_tokens = draw_length(options.output_tokens, options.range_ratio, random);
    Content content;
    for (int64_t at = 0; at < prompt.prompt_tokens; ++at) add(content, choice(random));
    prompt.content = std::move(content);
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

// A text, token ids, or texts; none of them empty.
bool is_content(const Json& prompt) {
  const auto is_text = [](const Json& each) { return each.is_string() && each != ""; };
  const auto is_id = [](const Json& each) { return each.is_number_unsigned(); };
  if (!prompt.is_array()) return is_text(prompt);
  return !prompt.empty() &&
         (std::ranges::all_of(prompt, is_id) || std::ranges::all_of(prompt, is_text));
}

Result<Prompt> parse_line(const std::string& text, int64_t number, int64_t output_tokens) {
  const std::string where = fmt::format("line {}", number);
  SPYRE_TRY_ASSIGN(const Json line, parse_json(text, where));
  if (!line.is_object() || !line.contains("prompt") || !is_content(line["prompt"])) {
    return error(Code::kInvalidArgument,
                 "{}: wanted {{\"prompt\": TEXT or a list of token ids or of texts, ...}}", where);
  }
  Prompt prompt{.content = line["prompt"], .output_tokens = output_tokens};
  if (prompt.content.is_array() && prompt.content.front().is_number()) {
    prompt.prompt_tokens = static_cast<int64_t>(prompt.content.size());
  }
  if (output_tokens > 0) return prompt;
  const auto given = line.find("output_tokens");
  const bool counted =
      given != line.end() && given->is_number_integer() && given->get<int64_t>() > 0;
  if (!counted) {
    return error(Code::kInvalidArgument,
                 "{}: wanted a positive \"output_tokens\", since --custom-output-len is -1", where);
  }
  prompt.output_tokens = given->get<int64_t>();
  return prompt;
}

}  // namespace

std::string_view sample_text() { return kText; }

std::vector<Prompt> random_token_prompts(const RandomPrompts& options,
                                         std::span<const int32_t> vocabulary) {
  const auto add = [&](Json::array_t& ids, size_t choice) { ids.push_back(vocabulary[choice]); };
  return random_prompts<Json::array_t>(options, vocabulary.size(), add);
}

std::vector<Prompt> random_word_prompts(const RandomPrompts& options) {
  const std::vector<std::string> all = words();
  const auto add = [&](std::string& text, size_t choice) {
    if (!text.empty()) text += ' ';
    text += all[choice];
  };
  std::vector<Prompt> prompts = random_prompts<std::string>(options, all.size(), add);
  for (Prompt& each : prompts) each.prompt_tokens = 0;
  return prompts;
}

std::vector<Prompt> random_rerank_prompts(const RandomPrompts& options) {
  const std::vector<std::string> all = words();
  const auto add = [&](std::vector<std::string>& texts, size_t choice) {
    texts.push_back(all[choice]);
  };
  std::vector<Prompt> prompts = random_prompts<std::vector<std::string>>(options, all.size(), add);
  for (Prompt& each : prompts) {
    const auto list = each.content.get<std::vector<std::string>>();
    const size_t asking = std::max<size_t>(1, list.size() / 4);
    const auto joined = [](std::span<const std::string> some) {
      return fmt::format("{}", fmt::join(some, " "));
    };
    const std::span<const std::string> span(list);
    // A single word asks and answers.
    const auto document = list.size() > 1 ? span.subspan(asking) : span;
    each.content = {joined(span.first(asking)), joined(document)};
    each.prompt_tokens = 0;
  }
  return prompts;
}

Result<std::vector<Prompt>> custom_prompts(std::string_view lines, int64_t count,
                                           int64_t output_tokens) {
  std::vector<Prompt> prompts;
  std::istringstream stream{std::string(lines)};
  int64_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (static_cast<int64_t>(prompts.size()) == count) break;
    SPYRE_TRY_ASSIGN(Prompt prompt, parse_line(line, number, output_tokens));
    prompts.push_back(std::move(prompt));
  }
  if (prompts.empty()) return error(Code::kInvalidArgument, "wanted JSON lines, found none");
  const size_t given = prompts.size();
  for (size_t at = given; at < static_cast<size_t>(count); ++at) {
    prompts.push_back(Prompt(prompts[at % given]));
  }
  return prompts;
}

}  // namespace spyre::loadtest
