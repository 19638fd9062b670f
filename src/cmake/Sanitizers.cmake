# MG_SANITIZE applies to every target, third-party sources too, so that reports have whole stacks. MG_FUZZ
# instruments every target as well: without the libraries' coverage libFuzzer would search blindly.
if(MG_SANITIZE)
  add_compile_options(-fsanitize=${MG_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MG_SANITIZE})
endif()
if(MG_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
