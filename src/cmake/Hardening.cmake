# Hardening of release builds: PIE, full RELRO, stack protector, fortified libc, CET where it exists.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_compile_options("$<$<CONFIG:Release>:-fstack-protector-strong>"
                    "$<$<CONFIG:Release>:-U_FORTIFY_SOURCE>" "$<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>")
add_link_options("$<$<CONFIG:Release>:LINKER:-z,relro,-z,now,-z,noexecstack>")

check_c_compiler_flag(-fcf-protection=full MG_HAVE_CET)
if(MG_HAVE_CET)
  add_compile_options("$<$<CONFIG:Release>:-fcf-protection=full>")
endif()
check_c_compiler_flag(-fstack-clash-protection MG_HAVE_STACK_CLASH)
if(MG_HAVE_STACK_CLASH)
  add_compile_options("$<$<CONFIG:Release>:-fstack-clash-protection>")
endif()
