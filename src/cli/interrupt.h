// Ctrl-C and SIGTERM: the first asks the running command to stop at its next step, the second ends
// the process.
#pragma once

namespace spyre::cli {

// Exit status of a command that was stopped, as shells expect it of SIGINT.
inline constexpr int kInterruptedExit = 130;

// Installs the handlers; once, from main().
void install_interrupt_handlers();

bool interrupted();

}  // namespace spyre::cli
