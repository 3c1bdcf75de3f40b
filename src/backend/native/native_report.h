// Words and numbers of a native program (program_report.h).
#pragma once

#include "backend/native/native_program.h"
#include "backend/program_report.h"

namespace spyre::backend {

ProgramReport report_of(const NativeProgram& program, const CodeOrigin& origin,
                        const CodeStore& code);

}  // namespace spyre::backend
