# Puts a file into a program, as a function that returns its bytes:
#   spyre_embed(<target> <file> <namespace>::<function>)
# The target gets a source that defines `std::string_view <function>()` in that namespace; a header of the room declares it.
# The source is made in the build folder, again whenever the file changes.
set(SPYRE_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed_file.cmake)

function(spyre_embed target file symbol)
  get_filename_component(file ${file} ABSOLUTE BASE_DIR ${CMAKE_SOURCE_DIR})
  string(REPLACE "::" "_" name ${symbol})
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded_${name}.cc)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DFILE=${file} -DSYMBOL=${symbol} -DSOURCE=${source} -P ${SPYRE_EMBED_SCRIPT}
    DEPENDS ${file} ${SPYRE_EMBED_SCRIPT}
    COMMENT "Embedding ${file}"
    VERBATIM)
  target_sources(${target} PRIVATE ${source})
endfunction()
