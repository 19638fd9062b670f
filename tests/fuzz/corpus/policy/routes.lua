resource '/{x}/b' { handler = 'none' }
resource '/a/{y}' { handler = 'none' }
resource '/a/{rest...}' { handler = 'echo' }
