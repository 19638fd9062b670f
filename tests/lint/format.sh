#!/bin/sh
# format.sh - C files are as clang-format 14 writes them; `clang-format-14 -i FILE` mends one.
. "$(dirname "$0")/lib/common.sh"
tools clang-format-14

# shellcheck disable=SC2046 # names without spaces
set -- $(files '*.c' '*.h')
total=$(count "$@")

clang-format-14 --dry-run --Werror "$@" 2>&1 | sed -n 's/^\([^ ]*:[0-9]*\):[0-9]*: error: /\1: /p' |
  report "the format of $total files"
