#!/bin/sh
# sizes.sh - how much a reader must take in at once: lines of a file, a header, a function and
# their width, parameters of a function.
. "$(dirname "$0")/lib/common.sh"
tools ctags

FILE_LINES=600
HEADER_LINES=150
FUNCTION_LINES=80
PARAMETERS=6

# Headers that are one table or one contract, and would be no easier in two: path and why.
long_headers="
src/cors/browser.h: what a browser does with one fetch, from the page's call to its verdict
"

# shellcheck disable=SC2046 # names without spaces
set -- $(files '*.c' '*.h' '*.lua' '*.sh' '*.mjs' '*.awk' dev run)
total=$(count "$@")

{
  awk -v file_lines="$FILE_LINES" -v header_lines="$HEADER_LINES" -v long="$long_headers" '
    function close_file() {
      if (lines > file_lines) {
        printf "%s:%d: the file has %d lines, more than %d\n", name, lines, lines, file_lines
      } else if (name ~ /^src\/.*\.h$/ && lines > header_lines && !index(long, "\n" name ": ")) {
        printf "%s:%d: the header has %d lines, more than %d\n", name, lines, lines, header_lines
      }
    }
    FNR == 1 && NR > 1 { close_file() }
    FNR == 1 { width = FILENAME ~ /\.[ch]$/ ? 96 : 100 }
    {
      name = FILENAME
      lines = FNR
      gsub(/[\200-\277]/, "") # a character is as wide as its first byte
      if (length($0) > width) {
        printf "%s:%d: the line is %d wide, more than %d\n", name, FNR, length($0), width
      }
    }
    END { close_file() }
  ' "$@"

  printf '%s\n' "$@" | grep '\.[ch]$' | ctags --kinds-C=f --fields=+neS \
    --output-format=xref --_xformat='%F %n %e %N %S' -f - -L - |
    awk -v function_lines="$FUNCTION_LINES" -v parameters="$PARAMETERS" '
      {
        place = $1 ":" $2
        lines = $3 - $2 + 1
        function_name = $4
        if (lines > function_lines) {
          printf "%s: %s() has %d lines, more than %d\n", place, function_name, lines,
            function_lines
        }
        # commas between the outer parentheses, not those of a parameter that is a function
        depth = 0
        count = 1
        for (i = index($0, "("); i <= length($0); i++) {
          c = substr($0, i, 1)
          depth += c == "(" ? 1 : c == ")" ? -1 : 0
          count += c == "," && depth == 1
        }
        if (count > parameters) {
          printf "%s: %s() has %d parameters, more than %d\n", place, function_name, count,
            parameters
        }
      }'
} | report "$total files: at most $FILE_LINES lines ($HEADER_LINES a header), functions of \
$FUNCTION_LINES lines and $PARAMETERS parameters"
