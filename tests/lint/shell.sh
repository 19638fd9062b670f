#!/bin/sh
# shell.sh - shellcheck on every shell script.
. "$(dirname "$0")/lib/common.sh"
tools shellcheck

# shellcheck disable=SC2046 # names without spaces
set -- dev .ci/run $(files '*.sh')
total=$(count "$@")

shellcheck --format=gcc -e SC1091 "$@" 2>&1 | report "shellcheck on $total scripts"
