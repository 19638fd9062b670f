// A real browser through the gateway: an API that knows nothing of CORS, or gets it wrong, and its
// WebSocket, behind a policy that decides for it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { Browser } from "./support/chromium.mjs";
import { Gate } from "./support/gate.mjs";
import { Pages } from "./support/pages.mjs";

// One text frame of a server (RFC 6455 5.2), and the text of one of a client, which is masked.
const frame = (text) => Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);
const unmask = (bytes) => Buffer.from(bytes.subarray(6, 6 + (bytes[1] & 0x7f))
  .map((byte, i) => byte ^ bytes[2 + (i % 4)])).toString();

class Api {
  static async start() {
    const api = new Api();
    api.asked = [];
    api.server = createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        api.asked.push(`${request.method} ${request.url}`);
        if (request.url.startsWith("/dies")) return request.socket.destroy();
        // What a framework's CORS middleware gone wrong would say.
        response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "*");
        response.setHeader("Access-Control-Allow-Credentials", "true");
        response.setHeader("X-Shown", "shown");
        if (request.url.startsWith("/stream")) {
          response.write("one ");
          return setTimeout(() => response.end("two"), 20);
        }
        response.statusCode = request.url.startsWith("/missing") ? 404 : 200;
        response.end(`${request.method} ${Buffer.concat(chunks)}`);
      });
    });
    api.server.on("upgrade", (request, socket) => {
      const accept = createHash("sha1").update(request.headers["sec-websocket-key"]
        + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
      api.asked.push(`upgrade ${request.url}`);
      socket.on("error", () => {});
      // The first frame leaves with the handshake: it must not be lost.
      socket.write(Buffer.concat([Buffer.from("HTTP/1.1 101 Switching Protocols\r\n"
        + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        + `Sec-WebSocket-Accept: ${accept}\r\n\r\n`), frame("hello")]));
      socket.on("data", (bytes) => {
        if ((bytes[0] & 0x0f) === 1) socket.write(frame(`echo ${unmask(bytes)}`));
        else socket.end();
      });
    });
    await new Promise((ready) => api.server.listen(0, "127.0.0.1", ready));
    api.url = `http://127.0.0.1:${api.server.address().port}`;
    return api;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

const policy = (url, app) => `
upstream "default" { "${url}" }
default { methods = { "GET", "POST", "PUT" }, cors = { origins = { "${app}" },
  methods = { "GET", "POST", "PUT" }, headers = { "Content-Type" }, expose = { "X-Shown" },
  credentials = true } }
`;

describe("Chromium behind the gateway", { timeout: 240_000 }, () => {
  let api, pages, gate, browser, app, evil;

  before(async () => {
    api = await Api.start();
    pages = await Pages.start();
    const [appOrigin, evilOrigin] =
      ["app.localhost", "evil.localhost"].map((host) => pages.origin(host));
    gate = await Gate.start(policy(api.url, appOrigin));
    browser = await Browser.start();
    app = await browser.open(appOrigin);
    evil = await browser.open(evilOrigin);
  });
  after(async () => {
    await browser?.stop();
    await pages?.stop();
    await gate?.stop();
    await api?.stop();
  });

  const asked = (path) => api.asked.filter((line) => line.endsWith(path));

  // What a page's WebSocket says until it closes: its frames, and whether it ever opened.
  const webSocket = (tab, path) => tab.page.evaluate(([url]) => new Promise((done) => {
    const seen = { opened: false, frames: [] };
    const socket = new WebSocket(url);
    socket.onopen = () => {
      seen.opened = true;
      socket.send("one");
    };
    socket.onmessage = (event) => {
      seen.frames.push(event.data);
      if (seen.frames.length === 2) socket.close();
    };
    socket.onclose = () => done(seen);
  }), [`${gate.url.replace("http", "ws")}${path}`]);

  it("lets an allowed origin read what the API says", async () => {
    const answer = await app.fetch(`${gate.url}/get`, { credentials: "include" });
    assert.equal(answer.status, 200, answer.error);
    assert.equal(answer.body, "GET ");
    assert.equal(answer.headers["x-shown"], "shown");
  });

  it("answers the preflight itself, and forwards the request behind it", async () => {
    const answer = await app.fetch(`${gate.url}/put`, { method: "PUT", body: "{}",
      headers: { "Content-Type": "application/json" } });
    assert.equal(answer.body, "PUT {}", answer.error);
    assert.deepEqual(asked("/put"), ["PUT /put"]);
  });

  it("streams", async () => {
    assert.equal((await app.fetch(`${gate.url}/stream`)).body, "one two");
  });

  it("makes the API's errors readable, and its own", async () => {
    assert.equal((await app.fetch(`${gate.url}/missing`)).status, 404);
    const answer = await app.fetch(`${gate.url}/dies`, { method: "POST", body: "x" });
    assert.equal(answer.status, 502, answer.error);
    assert.match(answer.body, /upstream-closed/);
  });

  it("keeps from another origin what the API would have given it", async () => {
    const answer = await evil.fetch(`${gate.url}/secret`, { credentials: "include" });
    assert.ok(answer.error, "it was read");
    assert.deepEqual(asked("/secret"), ["GET /secret"]);
  });

  it("opens a WebSocket for an allowed origin, and loses no frame", async () => {
    assert.deepEqual(await webSocket(app, "/chat"),
      { opened: true, frames: ["hello", "echo one"] });
  });

  it("opens none for another origin, and the API is not asked", async () => {
    assert.deepEqual(await webSocket(evil, "/spy"), { opened: false, frames: [] });
    assert.deepEqual(asked("/spy"), []);
  });
});
