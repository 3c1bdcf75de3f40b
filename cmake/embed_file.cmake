# Run by spyre_embed (embed.cmake): writes SOURCE, a C++ file whose function SYMBOL returns the bytes of FILE.
file(READ ${FILE} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n    " bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX MATCH "^(.*)::([^:]+)$" found ${SYMBOL})
set(namespace ${CMAKE_MATCH_1})
set(function ${CMAKE_MATCH_2})
get_filename_component(name ${FILE} NAME)
file(WRITE ${SOURCE} "// Made from ${name} by cmake/embed.cmake.
#include <string_view>

namespace ${namespace} {

namespace {
constexpr unsigned char kBytes[] = {
    ${bytes}};
}  // namespace

std::string_view ${function}();
std::string_view ${function}() {
  return {reinterpret_cast<const char*>(kBytes), sizeof(kBytes)};
}

}  // namespace ${namespace}
")
