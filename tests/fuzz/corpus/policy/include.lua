local x = include '_x.lua'
resource '/a' { cors = { origins = file 'l.txt' }, handler = plugin 'p' }
allow {} deny 'x' log('a', 1, true, {}, nil)
