#!/bin/sh
# lua.sh - luacheck with .luacheckrc: policies may use only what the policy language offers.
. "$(dirname "$0")/lib/common.sh"
tools luacheck

# shellcheck disable=SC2046 # names without spaces
set -- $(files '*.lua')
total=$(count "$@")

luacheck --quiet --no-color --formatter plain "$@" 2>&1 | report "luacheck on $total files"
