"""What `moongate test` takes: a thousand assertions, the way to a first result, a watched rerun.

    ./dev bench testing

Each figure is the best of several runs, of the whole program, in milliseconds.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("MOONGATE", ROOT / "build/release/moongate")).resolve()
RUNS = 7

POLICY = (ROOT / "policies/spa-credentials.lua").read_text()

ONE = """
local testing = require "moongate.testing"
describe("bench", function()
  local gate = testing.load "policy.lua"
  it("asks once", function()
    assert.allowed(gate:preflight("PUT /app/v1/cart", { origin = "https://app.example.com" }))
  end)
end)
"""

THOUSAND = """
local testing = require "moongate.testing"
describe("bench", function()
  local gate = testing.load "policy.lua"
  for i = 1, 1000 do
    it("asks for " .. i, function()
      assert.allowed(gate:preflight("PUT /app/v1/cart/" .. i,
        { origin = "https://app.example.com", headers = { "content-type" } }))
    end)
  end
end)
"""

AT_ONCE = """
local testing = require "moongate.testing"
describe("bench", function()
  local gate = testing.load "policy.lua"
  it("asks a thousand times", function()
    for i = 1, 1000 do
      assert.allowed(gate:preflight("PUT /app/v1/cart/" .. i,
        { origin = "https://app.example.com", headers = { "content-type" } }))
    end
  end)
end)
"""


def run(folder, spec, *options):
    """Milliseconds of a whole run."""
    began = time.monotonic()
    done = subprocess.run([PROGRAM, "test", spec, "--output=TAP", *options], cwd=folder,
                          capture_output=True, text=True, check=False)
    took = (time.monotonic() - began) * 1000
    if done.returncode != 0:
        sys.exit(done.stdout[-2000:] + done.stderr)
    return took


def wait_for(stream, end):
    for line in stream:
        if line.startswith(end):
            return
    sys.exit("the watched program has ended")


def watched(folder):
    """Milliseconds from a change of the policy to the end of the run that it begins."""
    with subprocess.Popen([PROGRAM, "test", "one_spec.lua", "--output=TAP", "--watch"], cwd=folder,
                          stdout=subprocess.PIPE, text=True) as child:
        try:
            wait_for(child.stdout, "1..1")
            took = []
            for i in range(RUNS):
                time.sleep(0.1)  # the watcher is back at waiting; not part of the figure
                began = time.monotonic()
                (folder / "policy.lua").write_text(POLICY + f"-- {i}\n")
                wait_for(child.stdout, "1..1")
                took.append((time.monotonic() - began) * 1000)
            return min(took)
        finally:
            child.kill()


def main():
    with tempfile.TemporaryDirectory(prefix="moongate-bench.") as name:
        folder = pathlib.Path(name)
        (folder / "policy.lua").write_text(POLICY)
        (folder / "one_spec.lua").write_text(ONE)
        (folder / "thousand_spec.lua").write_text(THOUSAND)
        (folder / "at_once_spec.lua").write_text(AT_ONCE)
        rows = {
            "start to the first result": min(run(folder, "one_spec.lua") for _ in range(RUNS)),
            "1,000 preflight assertions in one test":
                min(run(folder, "at_once_spec.lua") for _ in range(RUNS)),
            "1,000 tests, a preflight assertion each":
                min(run(folder, "thousand_spec.lua") for _ in range(RUNS)),
            "the same with coverage":
                min(run(folder, "thousand_spec.lua", "--coverage") for _ in range(RUNS)),
            "watched: a change of the policy to the end of its run": watched(folder),
        }
    for what, took in rows.items():
        print(f"{what:<56}{took:8.0f} ms")


if __name__ == "__main__":
    main()
