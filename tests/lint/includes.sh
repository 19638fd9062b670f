#!/bin/sh
# includes.sh - who may include whom. The table below is the architecture: an edge it does not have
# is a fault, whatever the linker says.
. "$(dirname "$0")/lib/common.sh"

# shellcheck disable=SC2046 # names without spaces
set -- $(files '*.c' '*.h' | grep -E '^(src|tests)/')
total=$(count "$@")

awk '
  BEGIN {
    # module: the modules its files may include, besides itself
    below["core"] = ""
    below["http"] = "core"
    below["cors"] = "core"
    below["net"] = "core"
    below["script"] = "core"
    below["policy"] = "plugin script cors http core"
    below["plugin"] = "script cors http core"
    below["proxy"] = "net http core"
    below["server"] = "policy plugin proxy script net http cors core"
    below["testing"] = "server policy plugin script http cors core"
    below["cli"] = "testing server policy plugin proxy script net http cors core"
    below["main"] = "cli"
    # header of a library: the modules that may include it; tests may include all
    home["event2/"] = "net"
    home["llhttp"] = "http"
    home["lua.h"] = "script policy plugin testing cli"
    home["lauxlib.h"] = "script policy plugin testing cli"
    home["lualib.h"] = "script policy plugin testing cli"
    home["libpsl.h"] = "policy"
    home["idn2.h"] = "policy"
    home["jansson.h"] = "server cli"
    home["curl/"] = "cli"
    home["cmocka.h"] = "none"
    for (i = 1; i < ARGC; i++) {
      if (ARGV[i] ~ /\.h$/) { is_header[ARGV[i]] = 1 }
    }
  }

  function fault(message) { printf "%s:%d: %s\n", FILENAME, FNR, message }
  function has(list, word) { return index(" " list " ", " " word " ") > 0 }

  FNR == 1 {
    module = "tests"
    if (FILENAME ~ /^src\/[^\/]*\.c$/) { module = "main" }
    if (FILENAME ~ /^src\/.*\//) { split(FILENAME, part, "/"); module = part[2] }
    in_tests = module == "tests"
    if (!in_tests && !(module in below)) { fault("no module " module " in includes.sh") }
    # a source file whose header lies beside it includes that first
    own = FILENAME
    sub(/^src\//, "", own)
    sub(/\.c$/, ".h", own)
    waits_for_own = FILENAME ~ /^src\/.*\.c$/ && (("src/" own) in is_header)
  }

  /^[ \t]*#[ \t]*include/ {
    if (!match($0, /[<"][^>"]+[>"]/)) {
      fault("an include that is neither <...> nor \"...\"")
      next
    }
    name = substr($0, RSTART + 1, RLENGTH - 2)
    quoted = substr($0, RSTART, 1) == "\""
    if (waits_for_own && name != own) { fault("the first include must be \"" own "\"") }
    waits_for_own = 0
    if (!quoted) {
      for (prefix in home) {
        if (index(name, prefix) == 1 && !in_tests && !has(home[prefix], module)) {
          fault("<" name "> belongs to " home[prefix] ", not to " module)
        }
      }
      if (("src/" name) in is_header) { fault("<" name "> is ours: write \"" name "\"") }
      next
    }
    if (in_tests) { next }
    split(name, part, "/")
    if (!(("src/" name) in is_header)) {
      fault("\"" name "\" does not exist under src/ (write \"module/file.h\")")
    } else if (part[1] != module && !has(below[module], part[1])) {
      fault(module " must not include " part[1] " (allowed: " below[module] ")")
    } else if (FILENAME ~ /\.h$/) {
      includes[FILENAME] = includes[FILENAME] " src/" name
    }
  }

  # Depth first; a header met again on the way to itself closes a cycle.
  function visit(header, path,    list, n, i) {
    if (state[header] == "done") { return }
    if (state[header] == "open") {
      printf "%s:1: headers include one another: %s %s\n", header, path, header
      return
    }
    state[header] = "open"
    n = split(includes[header], list, " ")
    for (i = 1; i <= n; i++) { visit(list[i], path " " header) }
    state[header] = "done"
  }

  END { for (header in includes) { visit(header, "") } }
' "$@" |
  report "the direction of includes in $total files"
