#!/bin/sh
# banned.sh - functions of libc and Lua that this code does without, and why. Comments and strings
# are not looked at.
. "$(dirname "$0")/lib/common.sh"

# shellcheck disable=SC2046 # names without spaces
set -- $(files '*.c' '*.h' | grep -E '^(src|tests)/')
total=$(count "$@")

code=$(awk -f "$LINT_LIB/code.awk" "$@")

# ban WHERE EXCEPT NAMES WHY: calls of NAMES (an extended regular expression) in files that match
# WHERE and not EXCEPT.
ban() {
  printf '%s\n' "$code" | grep -E "^($1)" | grep -vE "^($2)" |
    grep -E "^[^:]*:[0-9]*:(.*[^A-Za-z0-9_])?($3) ?\(" |
    sed -E "s#^([^:]*:[0-9]*):[ \t]*(.*)#\1: $4: \2#" || true
}

ctype='is(alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|xdigit)'

{
  ban . /none 'strcpy|strcat|stpcpy|strncpy|strncat|sprintf|vsprintf|gets|alloca' \
    'writes without a bound (use mg_buf, memcpy, snprintf)'
  ban . /none 'sscanf|fscanf|scanf|atoi|atol|atoll|atof' \
    'hides errors and overflow (use mg_str_to_u64)'
  ban . /none 'strtok|gmtime|localtime|ctime|asctime|rand|srand|tmpnam|mktemp' \
    'shares state between threads, or is unsafe (use the _r form, prng.h, mkstemp)'
  ban . /none "$ctype|tolower|toupper|setlocale|strcasecmp|strncasecmp" \
    'depends on the locale (use mg_ascii_*, mg_str_equal_nocase)'
  ban . /none 'vfork|system|popen' 'use posix_spawn, and no shell'
  ban . /none 'luaL_dofile|luaL_dostring|luaL_openlibs' \
    'opens what the sandbox closes (use the script module)'
  ban src/ 'src/core/alloc\.c' 'malloc|calloc|realloc|strdup|strndup|asprintf|vasprintf' \
    'no test can make it fail (use mg_malloc and its kin)'
  ban 'src/(cors|http)/' /none 'mg_malloc|mg_calloc|mg_realloc|free' \
    'cors and http do not allocate (take an arena, or storage of the caller)'
  ban src/ 'src/(cli/|main\.c)' 'exit|_exit|quick_exit|printf|puts|putchar|perror' \
    'only cli/ and main.c print and exit'
  printf '%s\n' "$code" | grep -E '^src/' | grep -vE '^src/(cli/|main\.c)' |
    grep -E '[^A-Za-z0-9_](stdout|stderr)([^A-Za-z0-9_]|$)' |
    sed -E 's#^([^:]*:[0-9]*):.*#\1: only cli/ and main.c print: use the log#' || true
  printf '%s\n' "$code" | grep -E '__attribute__ *\( *\( *_*cleanup' |
    sed -E 's#^([^:]*:[0-9]*):.*#\1: cleanup attributes do not run when Lua raises#' || true
  # A raise must meet a protected call, and the line says which: "below the door of f".
  grep -nE '(^|[^A-Za-z0-9_])lua_callk? ?\(' "$@" /dev/null | grep -v 'below the door of ' |
    sed -E 's#^([^:]*:[0-9]*):.*#\1: lua_call without "below the door of" a protected call#' || true
} | report "no banned calls in $total files"
