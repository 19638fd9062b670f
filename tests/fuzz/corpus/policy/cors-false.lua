resource 'a.example/x/{y}/{$}' { cors = false, methods = { 'GET', 'BREW', 'OPTIONS' }, handler = 'none' }
