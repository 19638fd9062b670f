--- Requests that RFC 9112 lets no server accept, as rows { group, name, bytes, status }: a head and
-- what belongs to it, and the status that is due (400 unless told; a list where a choice is open).

local rows = {}
local group

local function head(name, bytes, status)
  rows[#rows + 1] = { group = group, name = name, bytes = bytes, status = status or 400 }
end
local function field(name, lines, status)
  head(name, "POST / HTTP/1.1\r\nHost: a\r\nOrigin: https://a.example\r\n" .. lines .. "\r\n\r\n",
    status)
end
local function line(name, text, status)
  head(name, text .. "\r\nHost: a\r\nOrigin: https://a.example\r\n\r\n", status)
end

group = "length:"
field("Content-Length with Transfer-Encoding",
  "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0")
field("Transfer-Encoding with Content-Length",
  "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0")
field("two lengths", "Content-Length: 5\r\nContent-Length: 6")
field("two equal lengths", "Content-Length: 5\r\nContent-Length: 5")
for _, value in ipairs({ "5, 5", "5,6", "+5", "-5", "-0", "0x5", "5 5", "5;", "5.0", "1e1",
  "five", "", "18446744073709551616", "99999999999999999999999", "9223372036854775808",
  "\xd9\xa5" }) do
  field("Content-Length: " .. value, "Content-Length: " .. value)
end

group = "coding:"
field("gzip", "Transfer-Encoding: gzip", 501)
field("gzip, chunked", "Transfer-Encoding: gzip, chunked", 501)
field("gzip, then chunked", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
  { 400, 501 })
field("identity", "Transfer-Encoding: identity", 501)
field("xchunked", "Transfer-Encoding: xchunked", 501)
for _, value in ipairs({ "chunked, chunked", "chunked, gzip", "chunked;q=1", "\"chunked\"", "",
  ",", "chun ked", "\vchunked", "chunked\0" }) do
  field("Transfer-Encoding: " .. value, "Transfer-Encoding: " .. value, { 400, 501 })
end
field("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", { 400, 501 })
head("chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")

group = "field line:"
field("space before the colon", "X-A : b")
field("tab before the colon", "X-A\t: b")
field("space before the colon of Content-Length", "Content-Length : 5")
field("no name", ": b")
field("no colon", "X-A")
field("name with a space", "X A: b")
field("name with a control byte", "X\1A: b")
field("name with a NUL", "X\0A: b")
field("name beyond ASCII", "X\xc3\xa9: b")
for separator in ("()<>@,;\\\"/[]?={}"):gmatch(".") do
  field("name with " .. separator, "X" .. separator .. "A: b")
end
field("obs-fold", "X-A: b\r\n c")
field("obs-fold with a tab", "X-A: b\r\n\tc")
field("white space before the first field", "X-A: b\r\n  \r\nX-B: c")
head("obs-fold of Host", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n")
head("white space before the first field line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n")
for _, code in ipairs({ 0, 1, 7, 8, 11, 12, 27, 31, 127 }) do
  field(string.format("value with byte %d", code), "X-A: b" .. string.char(code) .. "c")
end
field("bare LF in a value", "X-A: b\nX-B: c")
field("bare CR in a value", "X-A: b\rX-B: c")
field("bare CR at a value's end", "X-A: b\r\r\nX-B: c")
field("LF CR", "X-A: b\n\rX-B: c")
head("bare LF at a field's end", "GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n")
head("bare LF at the end of the head", "GET / HTTP/1.1\r\nHost: a\r\n\n")
head("bare CR at the end of the head", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n")
head("bare LFs alone", "GET / HTTP/1.1\nHost: a\n\n")

group = "request line:"
line("two spaces before the target", "GET  / HTTP/1.1")
line("two spaces before the version", "GET /  HTTP/1.1")
line("space behind the version", "GET / HTTP/1.1 ")
line("space before the method", " GET / HTTP/1.1")
line("tab for a space", "GET\t/ HTTP/1.1")
line("tab before the version", "GET /\tHTTP/1.1")
line("space in the target", "GET /a b HTTP/1.1")
line("no target", "GET HTTP/1.1")
line("no method", "/ HTTP/1.1")
line("no version", "GET /")
line("a version in lower case", "GET / http/1.1")
line("a version of another protocol", "GET / ICE/1.0")
line("a version without a minor", "GET / HTTP/1")
line("a version of three parts", "GET / HTTP/1.1.1")
line("a version of two digits", "GET / HTTP/1.10")
line("a version with a sign", "GET / HTTP/+1.1")
line("HTTP/0.9 by number", "GET / HTTP/0.9", 505)
line("HTTP/2.0", "GET / HTTP/2.0", 505)
line("HTTP/3.0", "GET / HTTP/3.0", 505)
line("HTTP/9.9", "GET / HTTP/9.9", 505)
head("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)
line("a bare CR in the target", "GET /\r HTTP/1.1")
head("a bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n")
head("a bare CR behind the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n")
line("a method that is no token", "GE(T / HTTP/1.1")
line("a method beyond ASCII", "G\xc3\x89T / HTTP/1.1")
line("a NUL in the method", "G\0T / HTTP/1.1")
line("a NUL in the target", "GET /\0 HTTP/1.1")
head("HTTP/0.9", "GET /\r\n")
head("a TLS client", "\22\3\1\2\0\1\0\1\252\3\3\r\n\r\n")
head("a SOCKS client", "\5\1\0\r\n\r\n")
head("text", "hello\r\n\r\n")

return rows
