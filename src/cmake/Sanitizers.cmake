# MG_SANITIZE applies to every target, third-party sources too, so that reports have whole stacks.
if(MG_SANITIZE)
  add_compile_options(-fsanitize=${MG_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MG_SANITIZE})
endif()
