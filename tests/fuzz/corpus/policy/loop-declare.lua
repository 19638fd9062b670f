local t = { a = 1, b = 2 }
for k, v in pairs(t) do resource('/' .. k .. '/{id}') { handler = 'none', cors = { origins = '*', headers = '*', methods = '*', expose = '*' } } end
