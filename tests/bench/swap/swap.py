#!/usr/bin/env python3
"""swap.py: what swapping a large policy set costs those who ask meanwhile. Markdown on stdout.

One worker answers preflights at a fixed rate, first with nobody swapping, then while the set is
swapped again and again. Latencies count from the moment a request was due; a worker's pause is
its longest pass, as its own metrics have it.
"""
import argparse, json, os, re, shutil, socket, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../../.."))
OUT = os.path.join(os.environ.get("BENCH_OUT", os.path.join(ROOT, "build/bench")), "swap")
PROGRAM = os.environ.get("MOONGATE", os.path.join(ROOT, "build/release/moongate"))
PORT = 9140

POLICY = """
local everyone = file "origins.txt"
for i = 0, {resources} - 1 do
  resource("/r" .. i) {{
    methods = {{ "GET", "PUT" }},
    cors = {{ origins = {origins}, headers = {{ "X-A" }}, max_age = 600 }},
    handler = "none",
  }}
end
"""


def write(name, text):
    path = os.path.join(OUT, "policies", name)
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def write_lists(args):
    """Two lists that differ by one origin, beforehand: writing them takes time that is not the server's."""
    names = [f"https://o{i}.example" for i in range(args.origins)]
    for turn in (0, 1):
        with open(os.path.join(OUT, f"list{turn}.txt"), "w") as f:
            f.write("\n".join(names + [f"https://turn{turn}.example"]) + "\n")


def take_list(turn):
    path = os.path.join(OUT, "policies", "origins.txt")
    if os.path.exists(path):
        os.unlink(path)                                          # nobody reads until the signal
    os.link(os.path.join(OUT, f"list{turn % 2}.txt"), path)


def metrics(path):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    s.sendall(b"GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    data = b""
    while chunk := s.recv(65536):
        data += chunk
    return data.decode()


def longest_pass_us(path):
    return max(float(x) for x in re.findall(r"^moongate_worker_longest_pass_seconds\{[^}]*\} (\S+)", metrics(path), re.M)) * 1e6


def log_text():
    with open(os.path.join(OUT, "log")) as f:
        return f.read()


def wait_for(what, seconds):
    end = time.time() + seconds
    while time.time() < end:
        value = what()
        if value:
            return value
        time.sleep(0.02)
    sys.exit("it did not come to it:\n" + log_text()[-3000:])


def pace(args):
    return subprocess.Popen([os.path.join(OUT, "pace"), str(PORT), str(args.rate), str(args.seconds), "32", str(args.resources), str(args.origins)],
                            stdout=subprocess.PIPE, text=True)


def result(load):
    text = load.stdout.read()
    load.wait()
    return json.loads(text)


def run(args, swaps):
    admin = os.path.join(OUT, "admin.sock")
    with open(os.path.join(OUT, "log"), "w") as log:
        server = subprocess.Popen([PROGRAM, "serve", "--policy", os.path.join(OUT, "policies"), "--listen", f"127.0.0.1:{PORT}",
                                   "--workers", "1", "--watch", "off", "--settle", "0s", "--admin", admin,
                                   "--limit", "head-timeout=600s", "--limit", "idle-timeout=600s"],
                                  stdout=log, stderr=log)
    try:
        wait_for(lambda: "serving" in log_text(), 120)
        take_list(0)
        load, turn = pace(args), 0
        while swaps and load.poll() is None:
            turn += 1
            take_list(turn)
            before = len(log_text())
            server.send_signal(1)
            while load.poll() is None and "policies swapped" not in log_text()[before:]:
                if "policies not swapped" in log_text()[before:]:
                    sys.exit(log_text()[before:])
                time.sleep(0.01)
        figures = result(load)
        figures["swaps"] = len(re.findall("policies swapped", log_text()))
        figures["build_ms"] = [int(x) / 1000 for x in re.findall(r"build_us=(\d+)", log_text())]
        figures["publish_us"] = [int(x) for x in re.findall(r"publish_us=(\d+)", log_text())]
        figures["pause"] = longest_pass_us(admin)
        figures["rss"] = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{server.pid}/status").read())[1]) // 1024
        return figures
    finally:
        server.terminate()
        server.wait()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--resources", type=int, default=100000)
    ap.add_argument("--origins", type=int, default=1000000)
    ap.add_argument("--rate", type=int, default=2000, help="requests a second")
    ap.add_argument("--seconds", type=int, default=20)
    args = ap.parse_args()
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(os.path.join(OUT, "policies"))
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", os.path.join(OUT, "pace"), os.path.join(HERE, "pace.c")], check=True)
    write("policy.lua", POLICY.format(resources=args.resources, origins="everyone"))
    write_lists(args)
    take_list(0)
    print("| run | requests | failed | p50 us | p99 us | p99.9 us | longest us | longest pass us | swaps | build ms | publish us | RSS MiB |")
    print("| --- " * 12 + "|")
    for name, swaps in (("without swaps", False), ("with swaps", True)):
        r = run(args, swaps)
        build = f"{min(r['build_ms']):.0f} to {max(r['build_ms']):.0f}" if r["build_ms"] else "–"
        publish = f"{min(r['publish_us'])} to {max(r['publish_us'])}" if r["publish_us"] else "–"
        print(f"| {name} | {r['requests']} | {r['errors']} | {r['p50']} | {r['p99']} | {r['p999']} | {r['max']} | {r['pause']:.0f} | "
              f"{r['swaps']} | {build} | {publish} | {r['rss']} |", flush=True)


if __name__ == "__main__":
    main()
