# Run at build time: writes SOURCE, where compile::code_version() is the hash of the files in BITCODE and of LLVM's version;
# empty without files.
set(version "")
if(BITCODE)
  foreach(file IN LISTS BITCODE)
    file(SHA256 ${file} hash)
    string(APPEND version ${hash})
  endforeach()
  string(SHA256 version "${version} LLVM ${LLVM}")
endif()
file(WRITE ${SOURCE} "// Made by cmake/code_version.cmake.
#include <string_view>

namespace spyre::compile {
std::string_view code_version();
std::string_view code_version() { return \"${version}\"; }
}  // namespace spyre::compile
")
