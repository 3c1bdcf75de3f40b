# The headers that most of our files include, parsed once for src/ and once for tests/.
#   spyre_precompile(<target> room|test)
function(spyre_precompiled_headers name)
  cmake_parse_arguments(PCH "" "" "HEADERS;LIBRARIES" ${ARGN})
  set(stub ${CMAKE_BINARY_DIR}/${name}.cc)
  file(CONFIGURE OUTPUT ${stub} CONTENT "// holds the precompiled headers\n")
  add_library(${name} OBJECT ${stub})
  target_link_libraries(${name} PRIVATE spyre_flags fmt::fmt spdlog::spdlog nlohmann_json::nlohmann_json ${PCH_LIBRARIES})
  target_precompile_headers(${name} PRIVATE ${PCH_HEADERS})
endfunction()

set(common <algorithm> <array> <chrono> <cstdint> <expected> <filesystem> <functional> <map> <memory> <optional> <span>
  <string> <string_view> <variant> <vector> <fmt/format.h> <nlohmann/json.hpp>)
spyre_precompiled_headers(spyre_pch_room HEADERS ${common})
spyre_precompiled_headers(spyre_pch_test HEADERS ${common} <gmock/gmock.h> <gtest/gtest.h> LIBRARIES GTest::gmock)
# Tests are programs, and their code position independent in that way; both compilers look at it.
set_target_properties(spyre_pch_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_compile_options(spyre_pch_test PRIVATE -fPIE)
target_compile_options(spyre_pch_test PRIVATE -O0)  # as tests/CMakeLists.txt says

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Lets ccache know two equal ones for the same.
  target_compile_options(spyre_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()

function(spyre_precompile target kind)
  target_precompile_headers(${target} REUSE_FROM spyre_pch_${kind})
endfunction()
