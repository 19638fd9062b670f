// What scripts of a page see of an API behind nginx that asks Moongate: the access that the
// policy grants, whatever fields the API sets itself.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { Browser } from "./support/chromium.mjs";
import { Gate } from "./support/gate.mjs";
import { Nginx } from "./support/nginx.mjs";
import { Pages } from "./support/pages.mjs";

const policy = (app) => `
local cors = { origins = { "${app}" }, headers = { "X-Custom" }, expose = { "X-Shown" },
  credentials = true, insecure = true, on_denied = "reject" }
resource "/orders/{id}" { methods = { "GET", "PUT" }, cors = cors }
resource "/broken" { cors = cors }
resource "/open" { cors = { origins = { "${app}" } } }
`;

describe("Chromium and nginx that asks Moongate", { timeout: 120_000 }, () => {
  let pages, upstream, gate, nginx, browser, app, evil;
  const seen = [];

  before(async () => {
    pages = await Pages.start();
    upstream = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      request.resume();
      response.writeHead(request.url === "/broken" ? 500 : 200, {
        "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "X-Hidden",
        "X-Shown": "shown", "X-Hidden": "hidden", "Content-Type": "text/plain",
      });
      response.end(request.method);
    });
    await new Promise((ready) => upstream.listen(0, "127.0.0.1", ready));
    gate = await Gate.start(policy(pages.origin("app.localhost")),
      "--authorize", "127.0.0.1:0", "--trust-proxy", "127.0.0.1");
    nginx = await Nginx.start({ serve: gate.port, authorize: gate.authorizePort,
      upstream: upstream.address().port });
    browser = await Browser.start();
    app = await browser.open(pages.origin("app.localhost"));
    evil = await browser.open(pages.origin("evil.localhost"));
  });
  after(async () => {
    await browser?.stop();
    await nginx?.stop();
    await gate?.stop();
    await pages?.stop();
    upstream?.closeAllConnections();
    upstream?.close();
  });

  it("reads what the policy lets it, and sees the fields that it exposes", async () => {
    const answer = await app.fetch(`${nginx.url}/orders/1`, { credentials: "include" });
    assert.equal(answer.status, 200, answer.error);
    assert.equal(answer.headers["x-shown"], "shown");
    assert.equal(answer.headers["x-hidden"], undefined);
  });

  it("gets past a preflight that the API has never seen", async () => {
    const put = { method: "PUT", headers: { "X-Custom": "1" }, credentials: "include", body: "a" };
    const answer = await app.fetch(`${nginx.url}/orders/2`, put);
    assert.equal(answer.status, 200, answer.error);
    assert.deepEqual(seen.filter((line) => line.endsWith("/orders/2")), ["PUT /orders/2"]);
  });

  it("is stopped by one", async () => {
    const answer = await app.fetch(`${nginx.url}/orders/3`, { headers: { "X-Other": "1" } });
    assert.match(answer.error, /Failed to fetch/);
    assert.match((await evil.fetch(`${nginx.url}/orders/3`, { method: "PUT" })).error,
      /Failed to fetch/);
    assert.deepEqual(seen.filter((line) => line.endsWith("/orders/3")), []);
  });

  it("of another origin is rejected before the API sees anything", async () => {
    assert.match((await evil.fetch(`${nginx.url}/orders/4`)).error, /Failed to fetch/);
    assert.deepEqual(seen.filter((line) => line.endsWith("/orders/4")), []);
  });

  it("of another origin reads nothing where it is not rejected either", async () => {
    assert.match((await evil.fetch(`${nginx.url}/open`)).error, /Failed to fetch/);
    assert.deepEqual(seen.filter((line) => line.endsWith("/open")), ["GET /open"]);
  });

  it("reads errors: the API's, and Moongate's", async () => {
    const broken = await app.fetch(`${nginx.url}/broken`, { credentials: "include" });
    assert.equal(broken.status, 500, broken.error);
    const missing = await app.fetch(`${nginx.url}/orders/5`, { method: "POST", body: "a" });
    assert.equal(missing.status, 405, missing.error);
  });
});
