resource '/a' { cors = { origins = { 'https://a.example/', 'null', '*', 'http://h', 'https://*.com' }, credentials = true, max_age = -1.5, status = 201, expose = { '*', 'Set-Cookie' }, headers = { 'Cookie', 'x', 'X' }, methods = { 'put', 'TRACE' }, on_denied = 'reject', reflect = true, timing = 1, foo = 2 }, handler = 'ecko', simple = function() end }
resource '/a' { 1 }
resource '/b'
nothing()
