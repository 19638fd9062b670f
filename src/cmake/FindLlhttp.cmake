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

add_library(Llhttp::llhttp ALIAS mg_llhttp)
