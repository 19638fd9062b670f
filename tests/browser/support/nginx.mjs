// nginx in front of an upstream, asking Moongate: with the configuration of docs/integrations.md,
// in which only addresses are replaced.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MS = 20_000;

const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

async function freePort() {
  const server = createServer();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

const listens = (port) => new Promise((tell) => {
  const socket = connect(port, "127.0.0.1", () => {
    socket.destroy();
    tell(true);
  });
  socket.on("error", () => tell(false));
});

export class Nginx {
  // `ports`: serve and authorize of Moongate, upstream.
  static async start(ports) {
    const nginx = new Nginx();
    nginx.port = await freePort();
    nginx.url = `http://127.0.0.1:${nginx.port}`;
    nginx.dir = await mkdtemp(join(tmpdir(), "moongate-nginx-"));
    const document = await readFile("docs/integrations.md", "utf8");
    let [, text] = /\n```nginx\n([^]*?\n)```\n/.exec(document);
    for (const [from, to] of [
      ["127.0.0.1:8080", `127.0.0.1:${ports.serve}`],
      ["127.0.0.1:8081", `127.0.0.1:${ports.authorize}`],
      ["127.0.0.1:3000", `127.0.0.1:${ports.upstream}`],
      ["listen 80;", `listen 127.0.0.1:${nginx.port};`],
    ]) {
      if (!text.includes(from)) {
        throw new Error(`${from} is not in nginx's configuration`);
      }
      text = text.replaceAll(from, to);
    }
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((what) => `${what}_temp_path ${nginx.dir}/${what};`).join("\n");
    const config = join(nginx.dir, "nginx.conf");
    await writeFile(config, `daemon off; master_process off; pid ${nginx.dir}/pid;
error_log stderr;\nevents {}\nhttp {\naccess_log off;\n${paths}\n${text}}\n`);
    nginx.errors = "";
    nginx.exit = null;
    nginx.child = spawn("nginx", ["-e", "stderr", "-p", nginx.dir, "-c", config],
      { stdio: ["ignore", "ignore", "pipe"] });
    nginx.child.stderr.on("data", (data) => (nginx.errors += data));
    nginx.child.on("error", (error) => (nginx.errors += error.message));
    nginx.child.on("close", (code, signal) => (nginx.exit = signal ?? code));
    for (const deadline = Date.now() + START_MS; !(await listens(nginx.port)); await pause(5)) {
      if (nginx.exit !== null || Date.now() > deadline) {
        nginx.child.kill("SIGKILL");
        throw new Error(`nginx did not start (${nginx.exit}):\n${nginx.errors}`);
      }
    }
    return nginx;
  }

  async stop() {
    if (this.exit === null) {
      const ended = new Promise((wake) => this.child.once("close", wake));
      this.child.kill("SIGTERM");
      await ended;
    }
    await rm(this.dir, { recursive: true, force: true });
  }
}
