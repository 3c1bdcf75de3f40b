#include "config/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

namespace spyre::config {

namespace {

constexpr size_t kColumns = 100;

// text in lines of at most kColumns, each after indent blanks.
std::string wrapped(std::string_view text, size_t indent) {
  const std::string margin(indent, ' ');
  std::string lines = margin;
  size_t column = indent;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const bool first = column == indent;
    if (!first && column + 1 + word.size() > kColumns) {
      lines += "\n" + margin;
      column = indent;
    } else if (!first) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += word.size();
  }
  return lines + "\n";
}

std::string placeholder(const SettingInfo& row) {
  switch (row.type) {
    case Type::kBool:
    case Type::kSwitch:
      return "";
    case Type::kInteger:
    case Type::kSize:
      return " N";
    case Type::kReal:
      return " X";
    case Type::kIntegers:
      return " N,N,...";
    case Type::kWords:
      return " TEXT [TEXT ...]";
    case Type::kJson:
    case Type::kJsonList:
      return " JSON";
    case Type::kBiases:
      return " ID:X,...";
    case Type::kChoice: {
      const std::string expected = expectation(row);
      std::string words = expected.substr(std::string_view("one of ").size());
      std::erase(words, ' ');
      return " {" + words + "}";
    }
    default: {
      std::string unit(row.unit.empty() ? "text" : row.unit);
      std::ranges::transform(unit, unit.begin(), [](unsigned char c) { return std::toupper(c); });
      return " " + unit;
    }
  }
}

// Default, unit, variable: what stands in brackets behind the text.
std::string notes(const SettingInfo& row) {
  std::vector<std::string> parts;
  const bool number =
      row.type == Type::kInteger || row.type == Type::kSize || row.type == Type::kReal;
  if (number && !row.unit.empty()) parts.emplace_back(row.unit);
  if (row.type == Type::kBool) {
    parts.push_back(row.fallback == "1" ? "default: on" : "default: off");
  } else if (!row.fallback.empty()) {
    parts.push_back(fmt::format("default: {}", row.fallback));
  }
  if (!row.env.empty()) parts.push_back(fmt::format("variable: {}", row.env));
  if (!row.flag_deprecated.empty())
    parts.push_back(fmt::format("deprecated: {}", row.flag_deprecated));
  return parts.empty() ? std::string() : fmt::format(" [{}]", fmt::join(parts, "; "));
}

}  // namespace

std::string flag_form(const SettingInfo& row) {
  std::string form(row.flag);
  if (row.type == Type::kBool || row.type == Type::kSwitch) form.insert(2, "[no-]");
  form += placeholder(row);
  if (!row.short_flag.empty()) form += fmt::format(", {}", row.short_flag);
  return form;
}

std::string help_text() {
  std::string text = "usage: spyre COMMAND [MODEL] [flags]\n\n";
  for (const CommandInfo& each : commands()) {
    text += fmt::format("  {:<18}{}{}\n", each.name, each.summary,
                        each.since.empty() ? " [not there yet]" : "");
  }
  text +=
      "\nMODEL is a folder, a .gguf file or a hub id (org/name). spyre COMMAND --help lists a "
      "command's\nflags; a flag wins over its variable.\n";
  return text;
}

std::string help_text(Command command) {
  const CommandInfo& what = info(command);
  std::string text = fmt::format("usage: spyre {}\n\n{}{}\n", what.usage, what.summary,
                                 what.since.empty() ? " [not there yet]" : "");
  const bool there = !what.since.empty();
  std::vector<std::string_view> missing;
  const SettingInfo* last = nullptr;
  for (const SettingInfo& row : table()) {
    if (row.flag.empty() || !contains(row.commands, command)) continue;
    if (there && row.since.empty()) {
      missing.push_back(row.flag);
      continue;
    }
    if (last == nullptr || last->topic != row.topic) {
      text += fmt::format("\n{}:\n", info(row.topic).title);
    }
    last = &row;
    text += fmt::format("  {}\n", flag_form(row));
    text += wrapped(fmt::format("{}{}", row.text, notes(row)), 8);
  }
  if (!missing.empty()) {
    text += "\nAccepted and checked, but without effect yet:\n";
    text += wrapped(fmt::format("{}", fmt::join(missing, " ")), 2);
  }
  return text;
}

}  // namespace spyre::config
