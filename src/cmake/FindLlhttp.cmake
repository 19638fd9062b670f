# Llhttp::llhttp: the parser's C sources as Debian's package node-llhttp ships them, built with strict
# mode on (the sources default to off). MG_SYSTEM_LLHTTP links an installed libllhttp in their place;
# that is a choice, never a fallback, since versions of llhttp accept different bytes.
include(FindPackageHandleStandardArgs)

if(MG_SYSTEM_LLHTTP)
  find_path(LLHTTP_INCLUDE_DIR llhttp.h)
  find_library(LLHTTP_LIBRARY llhttp)
  find_package_handle_standard_args(Llhttp REQUIRED_VARS LLHTTP_LIBRARY LLHTTP_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "MG_SYSTEM_LLHTTP is on, but no libllhttp is installed: install it, or configure with -DMG_SYSTEM_LLHTTP=OFF.")
  add_library(Llhttp::llhttp UNKNOWN IMPORTED)
  set_target_properties(Llhttp::llhttp PROPERTIES IMPORTED_LOCATION "${LLHTTP_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${LLHTTP_INCLUDE_DIR}")
  return()
endif()

find_path(LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp NO_DEFAULT_PATH)
find_package_handle_standard_args(Llhttp REQUIRED_VARS LLHTTP_SOURCE_DIR LLHTTP_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "The sources of llhttp are missing: install the package node-llhttp (apt-get install node-llhttp).")

add_library(mg_llhttp STATIC "${LLHTTP_SOURCE_DIR}/llhttp.c" "${LLHTTP_SOURCE_DIR}/api.c" "${LLHTTP_SOURCE_DIR}/http.c")
target_include_directories(mg_llhttp SYSTEM PUBLIC "${LLHTTP_INCLUDE_DIR}")
target_compile_definitions(mg_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_compile_options(mg_llhttp PRIVATE -w)

# The parser's tables have a second form for SSE 4.2, chosen when it is compiled: sixteen bytes of a field
# at a time. Both are built; src/http/llhttp_run.c takes the one the processor can run.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # Both forms define the same names; those of the second get a prefix.
  file(STRINGS "${LLHTTP_SOURCE_DIR}/llhttp.c" definitions REGEX "^(int|void) llhttp__internal_[a-z0-9_]+\\(")
  set(renames "")
  foreach(definition IN LISTS definitions)
    string(REGEX REPLACE "^[a-z]+ (llhttp__internal_[a-z0-9_]+).*" "\\1" name "${definition}")
    string(APPEND renames "#define ${name} mg_sse42_${name}\n")
  endforeach()
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/llhttp_sse42.h" CONTENT "${renames}" @ONLY)
  add_library(mg_llhttp_sse42 OBJECT "${LLHTTP_SOURCE_DIR}/llhttp.c")
  target_include_directories(mg_llhttp_sse42 SYSTEM PRIVATE "${LLHTTP_INCLUDE_DIR}")
  target_compile_definitions(mg_llhttp_sse42 PRIVATE LLHTTP_STRICT_MODE=1)
  target_compile_options(mg_llhttp_sse42 PRIVATE -w -msse4.2 -include "${CMAKE_BINARY_DIR}/llhttp_sse42.h")
  target_sources(mg_llhttp PRIVATE $<TARGET_OBJECTS:mg_llhttp_sse42>)
  target_compile_definitions(mg_llhttp PUBLIC MG_LLHTTP_SSE42)
endif()
add_library(Llhttp::llhttp ALIAS mg_llhttp)
