resource '/a' { handler = respond { status = 302, body = 'x', fields = { Vary = 'Accept', { 'Set-Cookie', 'a=1' }, Location = '/b' } } }
