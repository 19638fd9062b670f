#!/bin/sh
# docs.sh - what the documents name exists: files they link to, commands of ./dev and of moongate.
. "$(dirname "$0")/lib/common.sh"

# shellcheck disable=SC2046 # names without spaces
set -- $(files '*.md')
total=$(count "$@")

# shellcheck disable=SC2016 # it is sed's
dev_commands=$(sed -n 's/^  \(.*\)) "cmd_\$command" "\$@" ;;$/\1/p' dev | tr -d '|')

# A word on each line: file:line:word, for the words that follow $1 in code of the documents.
words_after() {
  pattern=$1
  shift
  awk -v pattern="$pattern" '
    FNR == 1 { fenced = 0 }
    /^ *```/ { fenced = !fenced; next }
    {
      line = fenced ? "`" $0 "`" : $0
      while (match(line, /`[^`]*`/)) {
        code = substr(line, RSTART + 1, RLENGTH - 2)
        line = substr(line, RSTART + RLENGTH)
        while (match(code, pattern)) {
          code = substr(code, RSTART + RLENGTH)
          word = code
          sub(/[^a-z].*/, "", word)
          if (word != "") { printf "%s:%d:%s\n", FILENAME, FNR, word }
        }
      }
    }' "$@"
}

{
  words_after '\\./dev ' "$@" | while IFS=: read -r file line word; do
    case " $dev_commands " in
      *" $word "*) ;;
      *) echo "$file:$line: ./dev has no command '$word'" ;;
    esac
  done

  # A command of moongate is the name of a file of src/cli.
  words_after '(^|[ /])moongate ' "$@" | while IFS=: read -r file line word; do
    [ -e "src/cli/$word.c" ] || [ "$word" = help ] ||
      echo "$file:$line: moongate has no command '$word'"
  done

  for file in "$@"; do
    folder=$(dirname "$file")
    # [text](target), less fragments and links to the Web
    grep -noE '\]\([^)]+\)' "$file" | sed -E 's/^([0-9]+):\]\(([^)#]*).*/\1 \2/' |
      while read -r line target; do
        case $target in
          '' | http://* | https://* | mailto:*) ;;
          /*) echo "$file:$line: an absolute link: $target" ;;
          *) [ -e "$folder/$target" ] || echo "$file:$line: no such file: $target" ;;
        esac
      done
  done
} | report "commands and links of $total documents"
