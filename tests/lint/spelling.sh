#!/bin/sh
# spelling.sh - codespell on every text file.
. "$(dirname "$0")/lib/common.sh"
tools codespell

# Words that are right here: names of fields and functions, pieces of format strings, and names
# that tests misspell to see the right one suggested.
right="acn,ect,fo,nd,ond,shttp,te,metods,orgins,resorce,strng"

# Vectors hold mistakes on purpose, and so does planted.sh.
# shellcheck disable=SC2046 # names without spaces
set -- $(all_files | grep -vE '^tests/(vectors/|browser/package-lock|lint/planted)')
total=$(count "$@")

codespell --quiet-level=2 --ignore-words-list="$right" "$@" 2>&1 |
  report "the spelling of $total files"
