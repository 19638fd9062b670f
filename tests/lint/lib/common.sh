# common.sh - what the checks share; each begins with `. "$(dirname "$0")/lib/common.sh"`.
#
# A check prints a line that says what it looked at, and file:line: message for each fault. It runs
# on the checkout it lies in, or on the folder MG_LINT_ROOT names (tests/lint/planted.sh uses that).
# shellcheck shell=sh
set -eu

LINT_LIB=$(cd "$(dirname "$0")/lib" && pwd)
cd "${MG_LINT_ROOT:-$LINT_LIB/../../..}"
LINT_NAME=$(basename "$0" .sh)
export LC_ALL=C

# Files of ours below the current folder whose names match one of the patterns, sorted, one a line.
# Built files, installed packages, fuzz inputs and the servers that only mark what is possible
# (bench/limit) are not checked.
files() {
  set -f
  names=""
  for pattern in "$@"; do
    names="$names -o -name $pattern"
  done
  # shellcheck disable=SC2086 # words, to be split
  find . \( -path ./build -o -path ./.git -o -name node_modules -o -path ./tests/fuzz/corpus \
    -o -path ./tests/bench/limit \) \
    -prune -o -type f \( -name /none $names \) -print | sed 's|^\./||' | sort
  set +f
}

# Every text file of ours.
all_files() {
  files '*.c' '*.h' '*.lua' '*.md' '*.sh' '*.mjs' '*.json' '*.cmake' '*.awk' '*.yml' dev run \
    CMakeLists.txt LICENSE '.clang-*' .luacheckrc .editorconfig .gitignore .gitattributes
}

# End a check: $1 is what was looked at, standard input its faults.
report() {
  faults=$(cat)
  if [ -n "$faults" ]; then
    printf '%s\n' "$faults"
    printf 'lint %s: FAILED, %s faults in %s\n' "$LINT_NAME" \
      "$(printf '%s\n' "$faults" | wc -l)" "$1"
    exit 1
  fi
  printf 'lint %s: %s\n' "$LINT_NAME" "$1"
}

# The programs a check needs; without them it would find nothing.
tools() {
  for tool in "$@"; do
    command -v "$tool" >/dev/null || {
      printf 'lint %s: FAILED, %s is missing (./dev lint installs it)\n' "$LINT_NAME" "$tool" >&2
      exit 1
    }
  done
}

# How many words there are; a check of nothing is a fault.
count() {
  if [ $# -eq 0 ]; then
    printf 'lint %s: FAILED, there is nothing to check\n' "$LINT_NAME" >&2
    exit 1
  fi
  echo $#
}
