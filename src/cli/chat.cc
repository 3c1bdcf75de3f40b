// `spyre chat`: a conversation in the terminal, or one question with --quick.
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "cli/chat_partner.h"
#include "cli/commands.h"
#include "cli/interrupt.h"

namespace spyre::cli {

namespace {

using config::Setting;

void print_piece(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void print_stats(const ChatAnswer& answer) {
  const double rate =
      answer.seconds > 0 ? static_cast<double>(answer.tokens - 1) / answer.seconds : 0;
  fmt::print(stderr, "{} tokens, first after {:.2f} s, then {:.1f} tokens/s\n", answer.tokens,
             answer.first_token_seconds, rate);
}

class Conversation {
 public:
  Conversation(const config::Settings& settings, ChatPartner& partner)
      : partner_(partner), stats_(settings.flag(Setting::kStats)) {
    if (settings.is_set(Setting::kSystem)) {
      beginning_.push_back({{"role", "system"}, {"content", settings.text(Setting::kSystem)}});
    }
    forget();
  }

  void forget() { messages_ = beginning_; }

  // A turn that fails leaves the conversation as it was.
  Status take_turn(const std::string& question) {
    Json asked = messages_;
    asked.push_back({{"role", "user"}, {"content", question}});
    const auto answer = partner_.answer(asked, print_piece);
    fmt::print("\n");
    if (!answer) return std::unexpected(answer.error());
    if (stats_) print_stats(*answer);
    messages_ = std::move(asked);
    messages_.push_back({{"role", "assistant"}, {"content", answer->text}});
    return {};
  }

 private:
  ChatPartner& partner_;
  const bool stats_;
  Json beginning_ = Json::array();
  Json messages_;
};

void talk(Conversation& conversation) {
  const bool terminal = isatty(STDIN_FILENO) == 1;
  if (terminal) fmt::print("Type a message; /quit ends, /clear forgets the conversation.\n");
  std::string line;
  while (!interrupted()) {
    if (terminal) fmt::print("> ");
    std::fflush(stdout);
    if (!std::getline(std::cin, line) || line == "/quit") break;
    if (line == "/clear") conversation.forget();
    if (line.empty() || line == "/clear") continue;
    if (const Status status = conversation.take_turn(line); !status) fail(status.error());
  }
}

Result<int> chat(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const auto partner, settings.is_set(Setting::kUrl)
                                           ? served_chat_partner(settings)
                                           : local_chat_partner(settings));
  Conversation conversation(settings, *partner);
  if (settings.is_set(Setting::kQuick)) {
    SPYRE_TRY(conversation.take_turn(settings.text(Setting::kQuick)));
  } else {
    talk(conversation);
  }
  return interrupted() ? kInterruptedExit : 0;
}

}  // namespace

int run_chat(const config::Settings& settings) {
  const Result<int> status = chat(settings);
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
