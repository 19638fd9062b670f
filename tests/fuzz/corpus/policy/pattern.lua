local n = 0 for w in ('a b c'):gmatch('%a+') do n = n + 1 end
(('a.b'):gsub('%.', '-')):find('^[%w-]+$')
resource(('/%s'):format('x')) { handler = 'none' }
