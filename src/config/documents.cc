#include "config/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "config/foreign_flags.h"
#include "config/help.h"
#include "config/setting.h"

namespace spyre::config {

namespace {

constexpr std::string_view kEnvironmentIntroduction = R"(# Environment variables

Every variable that `spyre` reads. A flag wins over its variable, a variable over the default; the flags
are in [cli.md](cli.md). This page is made from the table of settings in `src/config/table`.

- A value that does not parse stops the start with a line that says what was wanted, what was found and
  which setting to change.
- Booleans are `0` or `1`. Lists are integers separated by commas; blanks around an item are fine, an
  empty item is not.
- `SENDNN_INFERENCE_X` is read as `VLLM_SPYRE_X`. Both with different values stop the start.
- A variable `VLLM_SPYRE_X` that is not listed here prints a warning.
- **Since** is the first version whose feature exists. Where it says *later*, the value is checked, and
  setting it prints a warning that it has no effect yet.
)";

constexpr std::string_view kFlagsIntroduction = R"(# Command line

`spyre COMMAND [MODEL] [flags]`. MODEL is a folder, a `.gguf` file or a hub id (`org/name`). This page is
made from the table of settings in `src/config/table`; `spyre COMMAND --help` prints the same for one
command. Variables without a flag are in [env_vars.md](env_vars.md).

- `--a-b V`, `--a_b V` and `--a-b=V` are the same. A value that begins with a dash and is no number needs
  the form with `=`.
- Booleans take no value: `--x` is on, `--no-x` is off.
- Sizes may end in `k`, `m`, `g`, `t` (powers of 1000) or `K`, `M`, `G`, `T` (powers of 1024).
- The last of several equal flags counts, except where the table says that a flag may be repeated.
- `--a.key V` sets a key of a flag that takes a JSON object; `--a.key.inner V` a key inside it. V is JSON
  or else text.
- `--config FILE` names a YAML file of flags without their dashes: `port: 8000`, `api-key: [a, b]`,
  `enforce-eager: true`. The command line wins over the file, the file over variables.
- **Since** is the first version whose feature exists. Where it says *later*, the value is checked, and
  giving it prints a warning that it has no effect yet.
- Flags that only `vllm serve` has are listed at the end.
)";

// Text for a cell: bars would end it.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char each : text) {
    if (each == '|') escaped += '\\';
    escaped += each;
  }
  return escaped;
}

// A flag, or a variable with or without a value.
bool is_name(std::string_view word) {
  if (word.starts_with("--")) return true;
  const std::string_view variable = word.substr(0, word.find('='));
  return variable.contains('_') &&
         variable.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
             std::string_view::npos;
}

// Prose for a cell, names of settings as code.
std::string prose(std::string_view text) {
  std::string marked;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const std::string_view bare = word.substr(0, word.find_last_not_of(".,;:)") + 1);
    if (!marked.empty()) marked += ' ';
    marked += is_name(bare) ? fmt::format("`{}`{}", bare, word.substr(bare.size())) : cell(word);
  }
  return marked;
}

std::string code(std::string_view text) {
  return text.empty() ? std::string() : fmt::format("`{}`", cell(text));
}

std::string since(std::string_view version) {
  return version.empty() ? "*later*" : std::string(version);
}

// The words of a choice as code, other expectations as they are; then the unit.
std::string value_cell(const SettingInfo& row) {
  std::string text = expectation(row);
  constexpr std::string_view kOneOf = "one of ";
  if (row.type == Type::kChoice) {
    std::string words;
    for (const char each : text.substr(kOneOf.size())) {
      words += each == ',' ? std::string("`,") : each == ' ' ? " `" : std::string(1, each);
    }
    return "`" + words + "`";
  }
  if (row.type == Type::kText && !row.unit.empty()) return std::string(row.unit);
  if (!row.unit.empty()) text += fmt::format("; {}", row.unit);
  return cell(text);
}

std::string variable_row(const SettingInfo& row) {
  std::string meaning = prose(row.text);
  if (!row.flag.empty()) meaning += fmt::format(" Flag: `{}`.", row.flag);
  if (!row.old_env.empty()) meaning += fmt::format(" Old name: `{}`.", row.old_env);
  if (!row.env_deprecated.empty()) {
    meaning += fmt::format(" **Deprecated**: {}.", prose(row.env_deprecated));
  }
  return fmt::format("| `{}` | {} | {} | {} | {} |\n", row.env, code(row.fallback), value_cell(row),
                     meaning, since(row.since));
}

std::string command_names(CommandSet set) {
  if (set == kForModel) return "all";
  if (set == kForFiles) return "all but pull";
  std::string names;
  for (const CommandInfo& each : commands()) {
    if (!contains(set, each.command)) continue;
    if (!names.empty()) names += ", ";
    names += each.name;
  }
  return names;
}

std::string flag_row(const SettingInfo& row) {
  const bool boolean = row.type == Type::kBool || row.type == Type::kSwitch;
  std::string flag = fmt::format("`{}`", row.flag);
  if (!row.short_flag.empty()) flag += fmt::format(", `{}`", row.short_flag);
  std::string meaning = prose(row.text);
  if (!row.env.empty()) meaning += fmt::format(" Variable: `{}`.", row.env);
  if (!row.flag_deprecated.empty()) {
    meaning += fmt::format(" **Deprecated**: {}.", prose(row.flag_deprecated));
  }
  const std::string fallback = boolean ? (row.fallback == "1" ? "on" : "off") : code(row.fallback);
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n", flag, fallback,
                     boolean ? "" : value_cell(row), meaning, command_names(row.commands),
                     since(row.since));
}

// The rows that one of the pages has, under the headings of their topics.
template <typename Wanted, typename Line>
std::string tables(std::string_view columns, std::string_view rule, Wanted wanted, Line line) {
  std::string text;
  const SettingInfo* last = nullptr;
  for (const SettingInfo& row : table()) {
    if (!wanted(row)) continue;
    if (last == nullptr || last->topic != row.topic) {
      const TopicInfo& topic = info(row.topic);
      text += fmt::format("\n## {}\n\n{}\n\n{}\n{}\n", topic.title, topic.text, columns, rule);
    }
    last = &row;
    text += line(row);
  }
  return text;
}

// The flags that only vLLM has, those of one kind and reason in one row.
std::string foreign_rows(bool refused) {
  std::vector<std::pair<std::string_view, std::string>> rows;
  for (const ForeignFlag& each : foreign_flags()) {
    if (each.refused != refused) continue;
    std::string name = fmt::format("`{}`", each.flag);
    if (!each.harmless.empty()) name += fmt::format(" (`{}` is fine)", each.harmless);
    const auto row = std::ranges::find(rows, each.explanation, &decltype(rows)::value_type::first);
    if (row == rows.end()) {
      rows.emplace_back(each.explanation, std::move(name));
    } else {
      row->second += ", " + name;
    }
  }
  std::string text;
  for (const auto& [why, names] : rows) text += fmt::format("| {} | {} |\n", names, prose(why));
  return text;
}

std::string foreign_markdown() {
  return fmt::format(R"(
## Flags that only vLLM has

Scripts for `vllm serve` may give them. These are accepted, with their values, and a warning says that
they have no effect:

| Flags | Why |
| --- | --- |
{}
These would change answers, or who may ask for them, and are refused:

| Flags | What to do |
| --- | --- |
{})",
                     foreign_rows(false), foreign_rows(true));
}

}  // namespace

std::string env_vars_markdown() {
  return std::string(kEnvironmentIntroduction) +
         tables(
             "| Variable | Default | Value | Meaning | Since |", "| --- | --- | --- | --- | --- |",
             [](const SettingInfo& row) { return !row.env.empty(); }, variable_row);
}

std::string cli_markdown() {
  std::string text(kFlagsIntroduction);
  text += "\n## Commands\n\n| Command | What it does | Since |\n| --- | --- | --- |\n";
  for (const CommandInfo& each : commands()) {
    text += fmt::format("| `spyre {}` | {} | {} |\n", each.usage, each.summary, since(each.since));
  }
  text += tables(
      "| Flag | Default | Value | Meaning | Commands | Since |",
      "| --- | --- | --- | --- | --- | --- |",
      [](const SettingInfo& row) { return !row.flag.empty(); }, flag_row);
  return text + foreign_markdown();
}

}  // namespace spyre::config
