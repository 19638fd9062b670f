# code.awk - strip C files of comments and of what stands in strings and character constants:
# prints file:line:code for each line that has code left.
FNR == 1 { in_comment = 0 }
{
  line = $0
  code = ""
  while (line != "") {
    if (in_comment) {
      end = index(line, "*/")
      if (!end) { break }
      line = substr(line, end + 2)
      in_comment = 0
      continue
    }
    if (!match(line, /\/\*|\/\/|"|'/)) {
      code = code line
      break
    }
    mark = substr(line, RSTART, RLENGTH)
    code = code substr(line, 1, RSTART - 1)
    line = substr(line, RSTART + RLENGTH)
    if (mark == "//") { break }
    if (mark == "/*") {
      in_comment = 1
      continue
    }
    # A string: up to the next such quote that no backslash stands before.
    while (line != "" && substr(line, 1, 1) != mark) {
      line = substr(line, substr(line, 1, 1) == "\\" ? 3 : 2)
    }
    line = substr(line, 2)
    code = code mark mark
  }
  if (code ~ /[^ \t]/) { printf "%s:%d:%s\n", FILENAME, FNR, code }
}
