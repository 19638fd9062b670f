resource '/a' { handler = 'none', cors = { origins = { 'https://bücher.example', 'https://*.例え.example:*/' } } }
