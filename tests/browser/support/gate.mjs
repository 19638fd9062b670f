// The program under test, started on a port of the kernel's choice, and its access log.
//
// Environment: MOONGATE, default build/dev/moongate.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const START_MS = 20_000;
const LOG_MS = 10_000;

const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

export class Gate {
  // `options`: more of the command line. With --authorize among them, gate.authorizePort is its.
  static async start(policy, ...options) {
    const gate = new Gate();
    gate.dir = await mkdtemp(join(tmpdir(), "moongate-browser-"));
    gate.logPath = join(gate.dir, "access.log");
    const policyPath = join(gate.dir, "policy.lua");
    await writeFile(policyPath, policy);
    gate.errors = "";
    gate.output = "";
    gate.exit = null;
    gate.child = spawn(
      resolve(process.env.MOONGATE ?? "build/dev/moongate"),
      ["serve", "--policy", policyPath, "--listen", "127.0.0.1:0", "--admin", "off",
        "--workers", "2", "--access-log", gate.logPath, "--echo-secrets", "--plugins",
        resolve("plugins"), ...options],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    gate.child.stderr.on("data", (data) => (gate.errors += data));
    gate.child.on("exit", (code, signal) => (gate.exit = signal ?? code));
    gate.child.on("error", (error) => {
      gate.errors += error.message;
      gate.exit = "not started";
    });
    gate.child.stdout.on("data", (data) => (gate.output += data));
    gate.port = await gate.#readPort("listening");
    if (options.includes("--authorize")) {
      gate.authorizePort = await gate.#readPort("authorizing");
    }
    gate.url = `http://127.0.0.1:${gate.port}`;
    return gate;
  }

  async #readPort(what) {
    const line = new RegExp(`^${what} on http://127\\.0\\.0\\.1:(\\d+)$`, "m");
    for (const deadline = Date.now() + START_MS; Date.now() < deadline; await pause(5)) {
      const port = line.exec(this.output)?.[1];
      if (port) {
        return Number(port);
      }
      if (this.exit !== null) {
        break;
      }
    }
    this.child.kill("SIGKILL");
    throw new Error(`moongate did not start (${this.exit}):\n${this.output}${this.errors}`);
  }

  // The records of all exchanges whose target contains `mark`, once there are `count` of them, in
  // order of time (each worker writes its own).
  // More than `count` is an error: what must not be sent was sent.
  async records(mark, count) {
    let found = [];
    for (const deadline = Date.now() + LOG_MS; Date.now() < deadline; await pause(5)) {
      const text = await readFile(this.logPath, "utf8");
      found = text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line))
        .filter((record) => record.target?.includes(mark))
        .sort((a, b) => (a.time < b.time ? -1 : 1));
      if (found.length >= count) {
        break;
      }
    }
    const list = found.map((r) => `${r.method} ${r.target} ${r.status} ${r.reason}`).join("\n  ");
    if (found.length !== count) {
      throw new Error(`${found.length} requests arrived, expected ${count}:\n  ${list}`);
    }
    return found;
  }

  async stop() {
    if (this.exit === null) {
      const ended = new Promise((wake) => this.child.once("exit", wake));
      this.child.kill("SIGTERM");
      await Promise.race([ended, pause(START_MS).then(() => this.child.kill("SIGKILL"))]);
    }
    await rm(this.dir, { recursive: true, force: true });
    if (this.exit !== 0 || /Sanitizer|runtime error:/.test(this.errors)) {
      throw new Error(`moongate ended with ${this.exit}:\n${this.errors}`);
    }
  }
}
