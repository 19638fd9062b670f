upstream 'default' { 'http://10.0.0.1:8080', 'https://[::1]', balance = 'random', cors = 'keep' }
default { handler = proxy 'default', options = 'forward', encoded_slash = true }
