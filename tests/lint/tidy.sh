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

# The static analyzer takes nine tenths of the time: it is spent on what serves, not on its tests.
# shellcheck disable=SC2016 # expanded by the shell that xargs starts
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 sh -c '
  case $1 in
    tests/*) clang-tidy-14 --quiet -p build/dev --checks=-clang-analyzer-* "$1" ;;
    *) clang-tidy-14 --quiet -p build/dev "$1" ;;
  esac' sh 2>/dev/null |
  sed -nE "s|^$PWD/||; s/^([^ ]*:[0-9]+):[0-9]+: (error|warning): /\1: /p" | sort -u |
  report "clang-tidy on $total files"
