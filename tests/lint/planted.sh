#!/bin/sh
# planted.sh - checks the checks: each fault that is planted in a small checkout must be found at
# its line by its check, and the checkout without faults must pass.
# shellcheck disable=SC2016 # what is planted is text
. "$(dirname "$0")/lib/common.sh"

root=$(mktemp -d)
trap 'rm -rf "$root" "$root.faults"' EXIT

# A checkout without a fault.
sound() {
  rm -rf "${root:?}"/*
  mkdir -p "$root/src/core" "$root/src/http" "$root/src/cli" "$root/docs" "$root/policies"
  printf '/* str.h - slices. */\n#ifndef MG_CORE_STR_H\n#define MG_CORE_STR_H\n#endif\n' \
    >"$root/src/core/str.h"
  printf '/* str.c - slices. */\n#include "core/str.h"\n' >"$root/src/core/str.c"
  printf '/* head.h - a head. */\n#ifndef MG_HTTP_HEAD_H\n#define MG_HTTP_HEAD_H\n%s\n#endif\n' \
    '#include "core/str.h"' >"$root/src/http/head.h"
  printf '/* head.c - a head. */\n#include "http/head.h"\n\n#include <llhttp.h>\n' \
    >"$root/src/http/head.c"
  printf '/* serve.c - the command. */\n' >"$root/src/cli/serve.c"
  printf '# A\n\n`./dev test` and `moongate serve`, [this](doc.md)\n' >"$root/docs/doc.md"
  printf -- '-- A policy.\nresource("/", { handler = "none" })\n' >"$root/policies/a.lua"
  printf '#!/bin/sh\n# dev - commands.\n%s\n' '  serve | test) "cmd_$command" "$@" ;;' \
    >"$root/dev"
  cp .luacheckrc .clang-format "$root"
}

checks=0

# plant CHECK FILE TEXT: append TEXT to FILE; CHECK must name the last line of it.
plant() {
  sound
  printf '%s\n' "$3" >>"$root/$2"
  place="$2:$(wc -l <"$root/$2"):"
  checks=$((checks + 1))
  if found=$(MG_LINT_ROOT=$root sh "$LINT_LIB/../$1.sh" 2>&1); then
    echo "tests/lint/$1.sh:1: does not find in $2: $3"
  elif ! printf '%s\n' "$found" | grep -qF "$place"; then
    echo "tests/lint/$1.sh:1: does not name $place but says: $found"
  fi
}

# plant_anywhere CHECK FILE TEXT: the same, but only the file must be named.
plant_anywhere() {
  sound
  printf '%s\n' "$3" >"$root/$2"
  checks=$((checks + 1))
  if found=$(MG_LINT_ROOT=$root sh "$LINT_LIB/../$1.sh" 2>&1); then
    echo "tests/lint/$1.sh:1: does not find in $2: $3"
  elif ! printf '%s\n' "$found" | grep -qF "$2:"; then
    echo "tests/lint/$1.sh:1: does not name $2 but says: $found"
  fi
}

lines() {
  awk -v n="$1" -v text="$2" 'BEGIN { for (i = 1; i <= n; i++) { print text } }'
}

{
  for check in includes sizes banned headers words docs format lua spelling; do
    sound
    checks=$((checks + 1))
    found=$(MG_LINT_ROOT=$root sh "$LINT_LIB/../$check.sh" 2>&1) ||
      echo "tests/lint/$check.sh:1: finds fault with a sound checkout: $found"
  done

  plant includes src/core/str.c '#include "http/head.h"'
  plant includes src/core/str.c '#include <event2/event.h>'
  plant includes src/http/head.c '#include <lua.h>'
  plant includes src/http/head.c '#include "core/none.h"'
  plant includes src/http/head.c '#include "head.h"'
  plant includes src/http/head.c '#include <cmocka.h>'
  plant_anywhere includes src/core/str.h '#include "core/str.h"'
  plant_anywhere includes src/core/str.c '#include <stdio.h>'

  plant sizes src/core/str.c "$(lines 600 'int x;')"
  plant sizes src/core/str.h "$(lines 150 'int x;')"
  plant sizes src/core/str.c "/* $(lines 100 x | tr -d '\n') */"
  plant_anywhere sizes src/core/str.c "$(printf 'void f(void)\n{\n%s\n}' "$(lines 78 '  ;')")"
  plant_anywhere sizes src/core/str.c \
    'void f(int a, int b, int c, int d, int (*e)(int, int), int g, int h) { }'

  plant banned src/core/str.c '  strcpy(a, b);'
  plant banned src/core/str.c '  if (isalpha(c)) {'
  plant banned src/http/head.c '  p = malloc(3);'
  plant banned src/http/head.c '  p = mg_malloc(3);'
  plant banned src/core/str.c '  /* a */ exit(1);'
  plant banned src/core/str.c '  f(stderr);'
  plant banned src/core/str.c '  f("\\", sprintf(a));'
  plant banned src/core/str.c '  lua_call(L, 0, 0);'
  plant banned src/core/str.c 'char *p __attribute__((cleanup(f)));'

  plant_anywhere headers src/core/str.c '#include "core/str.h"'
  plant_anywhere headers src/core/str.c '/* other.c - another name. */'
  plant_anywhere headers src/core/str.h '/* str.h - slices, without a guard. */'
  plant_anywhere headers policies/a.lua 'resource("/", {})'
  plant_anywhere headers dev '#!/bin/sh'

  plant words src/core/str.c '/* TODO: the rest */'
  plant words docs/doc.md 'See issue 12.'
  plant words docs/doc.md 'It lies in /home/me/moongate.'
  plant words docs/doc.md 'white space '

  plant docs docs/doc.md 'Run `./dev fly`.'
  plant docs docs/doc.md 'Run `moongate fly`.'
  plant docs docs/doc.md '[that](none.md)'
  plant docs docs/doc.md "$(printf '```sh\n./dev fly')"

  plant format src/core/str.c 'int  x;'
  plant lua policies/a.lua 'log(os.time())'
  plant lua policies/a.lua 'local unused = 1'
  plant lua policies/a.lua 'log(string.dump)'
  plant spelling docs/doc.md 'This is the teh end.'

} >"$root.faults" # not in a pipe: the count is this shell's

report "$checks planted faults and sound files" <"$root.faults"
