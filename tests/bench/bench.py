#!/usr/bin/env python3
"""Side-by-side CORS server benchmark on one machine. See README.md.

Every server runs alone on core SERVER_CORE while wrk (and the upstream) run on LOAD_CORE; rounds are interleaved over
the servers so that machine noise hits all of them alike. A server is measured only after its answers were checked.
"""
import argparse, glob, importlib.util, json, os, random, re, resource, shutil, signal, socket, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.environ.get("BENCH_OUT") or os.path.join(HERE, "../../build/bench")
SERVER_CORE, LOAD_CORE, UPSTREAM = 0, 1, 9900
HZ = os.sysconf("SC_CLK_TCK")
APP, EVIL = "https://app.example.com", "https://evil.example"


class Policy:
    """What every server must implement; server files read their configuration from here."""
    upstream = UPSTREAM
    origin_exact = APP                                             # and https://*.example.com:
    origin_re = r"^https://([a-z0-9-]+\.)+example\.com$"
    methods = ["GET", "PUT", "DELETE", "PATCH"]
    headers = ["authorization", "content-type", "x-requested-with"]
    max_age = 600
    body = "x" * 1024
    # variant "paths" (W6): /svc0000/.. to /svc0999/.., each its own policy, told apart by its max-age 1000+i
    paths = [(f"/svc{i:04d}/", 1000 + i) for i in range(1000)]
    # variant "origins" (W7): these 10,000 exact origins and no pattern
    origins = [f"https://tenant{i:05d}.example.org" for i in range(10000)]
    out, here = OUT, HERE

    def __init__(self, directory, port, variant):
        self.dir, self.port, self.variant = directory, port, variant

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        return path


CHROME = [("Host", "api.example.com"), ("Accept", "*/*"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "same-site"),
          ("Sec-Fetch-Dest", "empty"), ("Referer", APP + "/"), ("Accept-Encoding", "gzip, deflate, br, zstd"),
          ("Accept-Language", "en-US,en;q=0.9"),
          ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36")]


def preflight(path="/api/items/42", origin=APP, method="PUT", headers="authorization,content-type", extra=()):
    return ("OPTIONS", path, CHROME + [("Origin", origin), ("Access-Control-Request-Method", method),
                                       ("Access-Control-Request-Headers", headers)] + list(extra))


def get(path, origin=APP):
    return ("GET", path, CHROME + [("Origin", origin), ("Authorization", "Bearer 0123456789abcdef0123456789abcdef")])


_rnd = random.Random(1)
CLOSE = [("Connection", "close")]
WORKLOADS = {  # name: (variant, title, requests)
    "W1": ("base", "allowed preflight", [preflight()]),
    "W2": ("base", "denied preflight", [preflight(origin=EVIL)]),
    "W3": ("base", "GET, local 1 KiB", [get("/local/1k")]),
    "W4": ("base", "GET, proxied 1 KiB", [get("/proxy/items")]),
    "W5": ("base", "preflight, new connection each", [preflight(extra=CLOSE)]),
    "W6": ("paths", "preflight, 1000 policies", [preflight(p + "items/42") for p in _rnd.sample([p for p, _ in Policy.paths], 1000)]),
    "W7": ("origins", "preflight, 10k origins", [preflight(origin=o) for o in _rnd.sample(Policy.origins, 1000)]),
}


# ---- correctness: one exchange on a fresh connection, parsed by hand ----
def raw(req):
    m, path, hs = req
    return (f"{m} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in hs) + "\r\n").encode()


def exchange(port, req, sock=None):
    s = sock or socket.create_connection(("127.0.0.1", port), 3)
    s.settimeout(5)
    s.sendall(raw(req))
    data = b""
    while b"\r\n\r\n" not in data:
        d = s.recv(65536)
        if not d:
            raise AssertionError(f"connection closed after {data[:80]!r}")
        data += d
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin1").split("\r\n")
    h = {}
    for line in lines[1:]:
        k, _, v = line.partition(":")
        h[k.lower()] = (h[k.lower()] + ", " if k.lower() in h else "") + v.strip()
    chunked = h.get("transfer-encoding") == "chunked"
    while (not body.endswith(b"0\r\n\r\n")) if chunked else len(body) < int(h.get("content-length", 0)):
        body += s.recv(65536)
    closed = False
    if not sock:
        if h.get("connection", "").lower() == "close":
            closed = s.recv(1) == b""
        s.close()
    return int(lines[0].split()[1]), h, body, closed


def want(ok, what, h):
    if not ok:
        raise AssertionError(f"{what}; headers {h}")


def check_allowed(port, req, max_age=600, close=False):
    status, h, _, closed = exchange(port, req)
    hs = dict(req[2])
    acam, acah = h.get("access-control-allow-methods", "").upper(), h.get("access-control-allow-headers", "").lower()
    want(status in (200, 204), f"status {status}", h)
    want(h.get("access-control-allow-origin") == hs["Origin"], "ACAO", h)
    want(h.get("access-control-allow-credentials") == "true", "ACAC", h)
    want("PUT" in acam and all(x in acah for x in ("authorization", "content-type")), "ACAM/ACAH", h)
    want(h.get("access-control-max-age") == str(max_age), "max-age", h)
    want("origin" in h.get("vary", "").lower(), "Vary", h)
    want(closed == close, f"closed {closed}", h)


def check_denied(port, req):
    status, h, _, _ = exchange(port, req)
    want(status < 500 and "access-control-allow-origin" not in h, f"denied: status {status}", h)
    want("origin" in h.get("vary", "").lower(), "denied: Vary", h)


def check_get(port, req, proxied, denied=False):
    status, h, body, _ = exchange(port, req)
    want(status == 200 and (len(body) == 1024 or "chunked" in h.get("transfer-encoding", "")), f"status {status} body {len(body)}", h)
    want(h.get("access-control-allow-origin") == (None if denied else dict(req[2])["Origin"]), "ACAO", h)
    want(denied or h.get("access-control-allow-credentials") == "true", "ACAC", h)
    want("origin" in h.get("vary", "").lower(), "Vary", h)
    if proxied:
        want(h.get("x-up") == "1" and "accept-encoding" in h["vary"].lower(), "upstream's headers", h)


def verify(srv, w):
    port, first = srv.PORT, WORKLOADS[w][2][0]
    if w in ("W1", "W5"):
        check_allowed(port, first, close=w == "W5")
        if not srv.FIXED:
            check_allowed(port, preflight(origin="https://a.b-c.example.com"))
            for o in (EVIL, "https://app.example.com.evil.example", "http://app.example.com", "https://notexample.com", "null"):
                check_denied(port, preflight(origin=o))
    elif w == "W2":
        check_denied(port, first)
    elif w in ("W3", "W4"):
        check_get(port, first, w == "W4")
        if not srv.FIXED:
            check_get(port, get(first[1], EVIL), w == "W4", denied=True)
    elif w == "W6":
        ages = dict(Policy.paths)
        for r in WORKLOADS[w][2][:20]:
            check_allowed(port, r, ages[r[1][:9]])
    elif w == "W7":
        for r in WORKLOADS[w][2][:20]:
            check_allowed(port, r)
        check_denied(port, preflight(origin="https://tenant10000.example.org"))


# ---- processes ----
def procs():
    table = {}
    for p in glob.glob("/proc/[0-9]*/stat"):
        try:
            f = open(p).read().rpartition(")")[2].split()
            table[int(p.split("/")[2])] = (int(f[1]), int(f[11]), int(f[12]))
        except OSError:
            pass
    return table


def tree(root):
    table, pids, grew = procs(), {root}, True
    while grew:
        more = {p for p, (pp, _, _) in table.items() if pp in pids} - pids
        pids |= more
        grew = bool(more)
    return {p: table[p] for p in pids if p in table}


def cpu(root):
    """user clock ticks, all clock ticks, and exact seconds of a process and all its descendants"""
    t, ns = tree(root), 0
    for f in (f for pid in t for f in glob.glob(f"/proc/{pid}/task/*/schedstat")):
        try:
            ns += int(open(f).read().split()[0])
        except OSError:
            pass
    return sum(x[1] for x in t.values()), sum(x[1] + x[2] for x in t.values()), ns / 1e9


def core_busy(core):
    f = [int(x) for x in next(l for l in open("/proc/stat") if l.startswith(f"cpu{core} ")).split()[1:]]
    return (sum(f[:3]) + sum(f[5:7])) / HZ, f[7] / HZ           # busy, stolen


def memory(root):
    total = 0
    for pid in tree(root):
        try:
            total += int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{pid}/smaps_rollup").read(), re.M)[1])
        except (OSError, TypeError):
            pass
    return total                                                # KiB, shared pages counted once


def wait_quiet(seconds):
    """until both cores are almost idle, or the patience is spent"""
    end = time.time() + seconds
    while time.time() < end:
        a = [core_busy(c)[0] for c in (SERVER_CORE, LOAD_CORE)]
        time.sleep(0.25)
        if all(core_busy(c)[0] - x <= 0.03 for c, x in zip((SERVER_CORE, LOAD_CORE), a)):
            return


def spawn(argv, core, log, env=None, cwd=None):
    def setup():
        os.sched_setaffinity(0, {core})
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=setup, cwd=cwd,
                            env=dict(os.environ, **(env or {})))


def wait_port(port, proc, seconds=20):
    end = time.time() + seconds
    while time.time() < end:
        if proc.poll() is not None:
            raise AssertionError(f"exited with {proc.returncode}")
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"port {port} not open")


def stop(proc):
    pids = sorted(tree(proc.pid), reverse=True)                 # only ever processes started here
    for sig in (signal.SIGTERM, signal.SIGKILL):
        for p in pids:
            try:
                os.kill(p, sig)
            except ProcessLookupError:
                pass
        try:
            proc.wait(3)
        except subprocess.TimeoutExpired:
            continue
        time.sleep(0.1)


def load_server(name):
    name, _, opt = name.partition("@")                           # limit-event@drain+timer: OPT=drain,timer, a port of its own
    spec = importlib.util.spec_from_file_location(name, os.path.join(HERE, "servers", name + ".py"))
    mod = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mod)
    for key, default in (("VARIANTS", {"base"}), ("SKIP", set()), ("ENV", {}), ("FIXED", False)):
        if not hasattr(mod, key):
            setattr(mod, key, default)
    if opt:
        mod.PORT, mod.ENV = mod.PORT + 200 + sum(map(ord, opt)) % 500, dict(mod.ENV, OPT=opt.replace("+", ","))
    return mod


def start(name, srv, variant):
    d = os.path.join(OUT, "run", f"{name}-{variant}")
    shutil.rmtree(d, ignore_errors=True)
    os.makedirs(d)
    argv = srv.command(Policy(d, srv.PORT, variant))
    with open(os.path.join(d, "log"), "w") as log:
        p = spawn(argv, SERVER_CORE, log, srv.ENV, d)
    try:
        wait_port(srv.PORT, p)
    except AssertionError:
        stop(p)
        raise
    return p


# ---- measuring ----
def measure(srv, proc, w, seconds, conns):
    reqs = os.path.join(OUT, f"{w}.requests")
    with open(reqs, "w") as f:
        for m, path, hs in WORKLOADS[w][2]:
            f.write(f"{m} {path}\n" + "".join(f"{k}: {v}\n" for k, v in hs) + "\n")
    a, b0, s0, t0 = cpu(proc.pid), core_busy(SERVER_CORE), core_busy(LOAD_CORE), time.time()
    wrk = subprocess.Popen(["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{conns}", f"-d{seconds}s", "--latency", "--timeout", "10s",
                            "-s", os.path.join(HERE, "load.lua"), f"http://127.0.0.1:{srv.PORT}/"],
                           stdout=subprocess.PIPE, text=True, env=dict(os.environ, REQUESTS=reqs))
    text = wrk.stdout.read()
    _, _, ru = os.wait4(wrk.pid, 0)
    wrk.returncode = 0
    b, b1, s1, wall = cpu(proc.pid), core_busy(SERVER_CORE), core_busy(LOAD_CORE), time.time() - t0
    r = json.loads(text[text.index("\nJSON ") + 6:])
    n, took = r["requests"], r["us"] / 1e6
    used = b[2] - a[2]                                          # exact; split into user and system by the kernel's ticks
    user = used * (b[0] - a[0]) / max(1, b[1] - a[1])
    return {"requests": n, "rps": n / took, "cpu_us": used * 1e6 / n, "user_us": user * 1e6 / n, "p50_us": r["p50"], "p99_us": r["p99"],
            "server_busy": used / took, "wrk_busy": (ru.ru_utime + ru.ru_stime) / took,
            "foreign": (b1[0] - b0[0] - used) / wall,
            "foreign_load": (s1[0] - s0[0] - ru.ru_utime - ru.ru_stime) / wall, "stolen": (b1[1] - b0[1]) / wall, "errors": r["errors"], "bytes": r["bytes"] / n, "rss_kib": memory(proc.pid)}


def idle_connections(srv, proc, count):
    """W8: memory idle, and with `count` keep-alive connections that each had one preflight answered"""
    def sockmem():
        return int(re.search(r"^Slab:\s+(\d+)", open("/proc/meminfo").read(), re.M)[1])
    before, slab, socks = memory(proc.pid), sockmem(), []
    try:
        for _ in range(count):
            s = socket.create_connection(("127.0.0.1", srv.PORT), 5)
            socks.append(s)
            exchange(srv.PORT, preflight(), s)
        time.sleep(0.5)
        after = memory(proc.pid)
        alive = exchange(srv.PORT, preflight(), socks[0])[0] in (200, 204)
        want(alive, "first connection is gone", {})
        return {"idle_kib": before, "loaded_kib": after, "per_conn": (after - before) * 1024 / count, "kernel_slab_per_conn": (sockmem() - slab) * 1024 / count}
    finally:
        for s in socks:
            s.close()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = sorted(os.path.basename(f)[:-3] for f in glob.glob(os.path.join(HERE, "servers", "*.py")))
    ap.add_argument("--servers", default=",".join(known), help="default: all of " + ",".join(known))
    ap.add_argument("--workloads", default=",".join(WORKLOADS), help="of " + ",".join(WORKLOADS) + ",W8")
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=int, default=5)
    ap.add_argument("--connections", type=int, default=64)
    ap.add_argument("--idle", type=int, default=10000, help="connections for W8")
    ap.add_argument("--nice", type=int, default=0, help="of servers and load, for a machine that is not idle")
    ap.add_argument("--retries", type=int, default=2, help="of a round that other processes disturbed")
    ap.add_argument("--patience", type=float, default=15, help="seconds to wait for an idle machine before a round")
    ap.add_argument("--verify-only", action="store_true")
    ap.add_argument("--report-only", action="store_true", help="print the tables of an earlier run")
    ap.add_argument("--json", default=os.path.join(OUT, "results.json"), help="results are merged into this file")
    args = ap.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.makedirs(OUT, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *a: sys.exit("terminated"))
    os.sched_setaffinity(0, {LOAD_CORE})
    if args.nice:                                               # inherited by everything started here
        os.setpriority(os.PRIO_PROCESS, 0, args.nice)
    servers = {n: load_server(n) for n in args.servers.split(",")}
    chosen, failed, running = args.workloads.split(","), {}, {}
    results = json.load(open(args.json)) if os.path.exists(args.json) else {}
    if args.report_only:
        return report(results, servers, chosen)
    with open(os.path.join(OUT, "upstream.log"), "w") as log:
        up = spawn([os.path.join(OUT, "limit"), "upstream", str(UPSTREAM)], LOAD_CORE, log)
    try:
        wait_port(UPSTREAM, up)
        for variant in ("base", "paths", "origins"):
            ws = [w for w in chosen if w in WORKLOADS and WORKLOADS[w][0] == variant]
            if not ws:
                continue
            for n, s in servers.items():
                if variant in s.VARIANTS:
                    try:
                        running[n] = start(n, s, variant)
                    except Exception as e:
                        failed[n + " " + variant] = str(e)
            for w in ws:
                able = []
                for n in running:
                    if w in servers[n].SKIP:
                        continue
                    try:
                        verify(servers[n], w)
                        able.append(n)
                    except Exception as e:
                        failed[f"{n} {w}"] = f"{type(e).__name__} {e}"
                samples = {n: [] for n in able}
                for rnd in range(0 if args.verify_only else args.rounds):
                    for n in able[rnd % max(1, len(able)):] + able[:rnd % max(1, len(able))]:
                        for _ in range(1 + args.retries):       # again while other processes took the cores
                            wait_quiet(args.patience)
                            x = measure(servers[n], running[n], w, args.seconds, args.connections)
                            x["clean"] = max(x["foreign"], x["foreign_load"] * (w != "W4")) < 0.1
                            if x["clean"]:
                                break
                        samples[n].append(x)
                        print(f"{w} round {rnd + 1} {n}: {x['rps']:.0f}/s {x['cpu_us']:.2f} us foreign {x['foreign']:.2f} {x['foreign_load']:.2f}", file=sys.stderr, flush=True)
                for n, s in samples.items():
                    best = [x for x in s if x["clean"]]
                    use = best if len(best) >= 3 else s         # medians over the undisturbed rounds where there are enough
                    if s:
                        results.setdefault(w, {})[n] = dict({k: statistics.median(x[k] for x in use) for k in s[0]}, clean=len(best),
                                                            cpu_best=min(x["cpu_us"] for x in s), rps_best=max(x["rps"] for x in s), rounds=len(s), seconds=args.seconds)
                print(f"{w}: {' '.join(able)}", file=sys.stderr)
                json.dump(results, open(args.json, "w"), indent=1)
            for p in running.values():
                stop(p)
            running.clear()
        if "W8" in chosen and not args.verify_only:
            for n, s in servers.items():
                try:
                    running[n] = start(n, s, "base")
                    results.setdefault("W8", {})[n] = idle_connections(s, running[n], args.idle)
                except Exception as e:
                    failed[n + " W8"] = f"{type(e).__name__} {e}"
                if n in running:
                    stop(running.pop(n))
            json.dump(results, open(args.json, "w"), indent=1)
    finally:
        for p in list(running.values()) + [up]:
            stop(p)
    if not args.verify_only:
        report(results, servers, chosen)
    for k, v in failed.items():
        print(f"FAILED {k}: {v[:300]}")
    return 1 if failed else 0


def report(results, servers, chosen):
    for w in chosen:
        rows = {n: r for n, r in results.get(w, {}).items() if n in servers}
        if not rows:
            continue
        if w == "W8":
            print("\n### W8 memory\n\n| server | idle KiB (PSS) | loaded KiB | bytes/connection |\n|---|---:|---:|---:|")
            for n, r in sorted(rows.items(), key=lambda x: x[1]["per_conn"]):
                print(f"| {n} | {r['idle_kib']} | {r['loaded_kib']} | {r['per_conn']:.0f} |")
            continue
        base = [rows.get(n, {}).get("cpu_best") for n in ("nginx", "limit-raw")]
        print(f"\n### {w} {WORKLOADS[w][1]}\n\n| server | CPU us/req, best round | vs nginx | vs raw | median | user us | req/s | p50 us | p99 us | server/wrk busy | clean | bytes |\n|---|" + "---:|" * 11)
        for n, r in sorted(rows.items(), key=lambda x: x[1]["cpu_best"]):
            ratios = " | ".join(f"{r['cpu_best'] / b:.2f}x" if b else "-" for b in base)
            print(f"| {n} | {r['cpu_best']:.2f} | {ratios} | {r['cpu_us']:.2f} | {r['user_us']:.2f} | {r['rps']:.0f} | {r['p50_us']:.0f} | {r['p99_us']:.0f} | "
                  f"{r['server_busy']:.2f}/{r['wrk_busy']:.2f} | {r['clean']}/{r['rounds']} | {r['bytes']:.0f} |")


if __name__ == "__main__":
    sys.exit(main())
