#!/bin/sh
# tidy.sh - clang-tidy 14 with .clang-tidy, on each source file that build/dev compiles. What leads
# to a finding is told by `clang-tidy-14 -p build/dev FILE`.
. "$(dirname "$0")/lib/common.sh"
tools clang-tidy-14
if [ ! -e build/dev/compile_commands.json ]; then
  echo "lint tidy: FAILED, build/dev is not configured (cmake --preset dev)" >&2
  exit 1
fi

# One process a file: the va_list check of version 14 remembers files it has left. Big ones first,
# so that both ends of the list finish together.
# shellcheck disable=SC2046 # names without spaces
set -- $(files '*.c' | grep -E '^(src|tests/unit|tests/fuzz)/' |
  grep -vxE 'tests/fuzz/replay.c|tests/unit/plugin/native_hooks.c' | xargs ls -S)
total=$(count "$@")

printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 clang-tidy-14 --quiet -p build/dev 2>/dev/null |
  sed -nE "s|^$PWD/||; s/^([^ ]*:[0-9]+):[0-9]+: (error|warning): /\1: /p" | sort -u |
  report "clang-tidy on $total files"
