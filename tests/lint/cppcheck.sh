#!/bin/sh
# cppcheck.sh - cppcheck's warnings, portability and performance findings.
. "$(dirname "$0")/lib/common.sh"
tools cppcheck

# shellcheck disable=SC2046 # names without spaces
set -- $(files '*.c' | grep -E '^(src|tests)/')
total=$(count "$@")

# The headers of libraries are not read: what they declare is unknown, not wrong. internalAstError
# is version 2.10 at a loss, not a finding.
cppcheck --quiet -j "$(nproc)" --enable=warning,portability,performance --std=c11 --inline-suppr \
  --suppress=internalAstError \
  -D_GNU_SOURCE -I src -I tests/unit/support --template='{file}:{line}: {id}: {message}' "$@" 2>&1 |
  report "cppcheck on $total files"
