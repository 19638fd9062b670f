# mg_warnings: the warnings every target of ours is built with; third-party sources are not.
add_library(mg_warnings INTERFACE)
target_compile_options(
  mg_warnings
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            -Wstrict-prototypes
            -Wmissing-prototypes
            -Wvla
            -Wformat=2
            -Wundef
            -Wcast-qual
            -Wswitch-enum
            -Wnull-dereference
            -fno-common)
if(MG_WERROR)
  target_compile_options(mg_warnings INTERFACE -Werror)
endif()
