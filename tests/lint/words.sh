#!/bin/sh
# words.sh - what must not be left in a file: marks of unfinished work, references that a reader
# of the checkout cannot follow, paths of somebody's machine, trailing white space.
. "$(dirname "$0")/lib/common.sh"

# This file and the one that plants faults hold the words themselves.
# shellcheck disable=SC2046 # names without spaces
set -- $(all_files | grep -vE '^tests/lint/(words|planted)\.sh$')
total=$(count "$@")

# find WHY PATTERN [GREP OPTIONS]
find_words() {
  why=$1
  pattern=$2
  shift 2
  # -H: the name, even of one file
  grep -HnE "$pattern" "$@" | sed -E "s#^([^:]*:[0-9]+):[ \t]*(.*)#\1: $why: \2#" || true
}

{
  find_words 'unfinished' '(^|[^A-Za-z])(TODO|FIXME|XXX|HACK|WIP)([^A-Za-z]|$)' "$@"
  find_words 'a reference nobody can follow' \
    '(^|[^A-Za-z0-9_-])([Ii]ssues? *#?[0-9]|GH-[0-9]|[Bb]ug *#[0-9]|PR *#[0-9]|\(#[0-9]+\))' "$@"
  find_words 'a path of somebody'"'"'s machine' \
    '(^|[^A-Za-z0-9_.}/-])/(work|home|root|Users)/[A-Za-z0-9]' "$@"
  find_words 'white space at the end of the line' '[ 	]+$' "$@"
  find_words 'a carriage return' "$(printf '\r')" "$@"
  for file in "$@"; do
    [ -z "$(tail -c 1 "$file")" ] || echo "$file:1: the last line does not end"
  done
} | report "$total files hold no unfinished work and no dangling references"
