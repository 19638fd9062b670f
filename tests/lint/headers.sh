#!/bin/sh
# headers.sh - each file says what it is in its first lines: C files as `/* name.c - what it is`,
# scripts as a comment. Include guards are named after the file.
. "$(dirname "$0")/lib/common.sh"

# shellcheck disable=SC2046 # names without spaces
set -- $(files '*.c' '*.h' '*.lua' '*.sh' '*.mjs' '*.awk' dev run)
total=$(count "$@")

for file in "$@"; do
  name=$(basename "$file")
  first=$(sed -n 1p "$file")
  second=$(sed -n 2p "$file")
  case $name in
    *.c | *.h)
      case $first in
        "/* $name - "?*) ;;
        *) echo "$file:1: the first line is not '/* $name - what it is'" ;;
      esac
      ;;
    *.lua)
      case $first in
        --*[A-Za-z]*) ;;
        *) echo "$file:1: the first line is no comment that says what the file is" ;;
      esac
      ;;
    *.mjs)
      case $first in
        //*[A-Za-z]* | /\*\**) ;;
        *) echo "$file:1: the first line is no comment that says what the file is" ;;
      esac
      ;;
    *)
      case "$first|$second" in
        '#!'*'|# '"$name - "?* | "# $name - "?*) ;;
        *) echo "$file:1: no comment '# $name - what it is' at the top" ;;
      esac
      ;;
  esac
  case $file in
    src/*/*.h)
      guard=$(echo "MG_${file#src/}" | tr 'a-z/.' 'A-Z__')
      if ! grep -qx "#ifndef $guard" "$file" || ! grep -qx "#define $guard" "$file"; then
        echo "$file:1: the include guard is not $guard"
      fi
      ;;
  esac
done | report "$total files say what they are"
