import os

PORT, VARIANTS = 9100, {"base", "paths", "origins"}

RULE = """origins = {origins}, methods = {methods}, headers = {headers}, credentials = true, max_age = {age}"""


def names(items):
    return "{ " + ", ".join(f'"{x}"' for x in items) + " }"


def rule(p, origins, age):
    return "{ " + RULE.format(origins=origins, methods=names(p.methods), headers=names(p.headers), age=age) + " }"


def resource(pattern, methods, cors, handler='"none"'):
    return f'resource "{pattern}" {{ methods = {names(methods)}, cors = {cors}, handler = {handler} }}\n'


def command(p):
    suffix = p.origin_exact.split(".", 1)[1]
    origins = names([p.origin_exact, f"https://*.{suffix}"])
    if p.variant == "origins":
        p.write("origins.txt", "\n".join(p.origins) + "\n")
        origins = 'file "origins.txt"'
    cors = rule(p, origins, p.max_age)
    text = resource("/api/{rest...}", p.methods, cors)
    text += resource("/local/1k", ["GET"], cors,
                     f'respond {{ status = 200, fields = {{ ["Content-Type"] = "application/json" }}, body = "{p.body}" }}')
    text += f'upstream "default" {{ "http://127.0.0.1:{p.upstream}" }}\n'
    text += resource("/proxy/{rest...}", ["GET"], cors, '"proxy"')
    if p.variant == "paths":
        text += "".join(resource(path + "{rest...}", p.methods, rule(p, origins, age)) for path, age in p.paths)
    binary = os.environ.get("MOONGATE", os.path.join(p.here, "../../build/release/moongate"))
    return [binary, "serve", "--admin", "off", "--workers", "1", "--listen", f"127.0.0.1:{PORT}", "--limit", "idle-timeout=600s",
            "--policy", p.write("policy.lua", text)]
