// What scripts of a page see of policies that decide in Lua, and of plugins.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Browser } from "./support/chromium.mjs";
import { Gate } from "./support/gate.mjs";
import { Pages } from "./support/pages.mjs";

const policy = (app) => `
plugin "rate-limit" { requests = 2, window = "60s", resources = { "/limited" } }
plugin "csrf-guard" { resources = { "/forms" } }
local cors = { origins = { "${app}" }, methods = { "PUT" }, expose = { "Retry-After" } }
local ok = respond { status = 200, body = "ok" }
resource "/limited" { cors = cors, handler = ok }
resource "/forms" { methods = { "POST" }, cors = cors, handler = ok }
resource "/own/{name}" {
  methods = { "GET", "PUT" },
  cors = { origins = function(req) return { "http://" .. req.params.name } end, credentials = true,
    insecure = true, reflect = true },
  handler = ok,
}
resource "/hooked" {
  methods = { "PUT", "DELETE" }, cors = cors, handler = ok,
  preflight = function(req)
    if req.requested_method == "DELETE" then return deny "never-delete" end
  end,
}
`;

describe("Chromium and scripts of policies", { timeout: 120_000 }, () => {
  let pages, gate, browser, app, evil;

  before(async () => {
    pages = await Pages.start();
    gate = await Gate.start(policy(pages.origin("app.localhost")));
    browser = await Browser.start();
    app = await browser.open(pages.origin("app.localhost"));
    evil = await browser.open(pages.origin("evil.localhost"));
  });
  after(async () => {
    await browser?.stop();
    await pages?.stop();
    await gate?.stop();
  });

  it("reads the 429 of rate-limit, and when to come again", async () => {
    for (let i = 0; i < 2; i++) {
      assert.equal((await app.fetch(`${gate.url}/limited`)).status, 200);
    }
    const answer = await app.fetch(`${gate.url}/limited`);
    assert.equal(answer.status, 429, answer.error);
    assert.ok(Number(answer.headers["retry-after"]) > 0);
  });

  it("gets past preflights although its requests are limited", async () => {
    const answer = await app.fetch(`${gate.url}/limited`, { method: "PUT" });
    assert.equal(answer.status, 429, answer.error);
  });

  it("is kept from posting a form elsewhere, unless the rule knows it", async () => {
    const post = { method: "POST", mode: "no-cors", body: new URLSearchParams("a=b").toString(),
      headers: { "Content-Type": "application/x-www-form-urlencoded" } };
    await evil.fetch(`${gate.url}/forms?mark=evil.`, post);
    await app.fetch(`${gate.url}/forms?mark=app.`, { ...post, mode: "cors" });
    const [refused] = await gate.records("mark=evil.", 1);
    assert.deepEqual([refused.status, refused.reason], [403, "csrf"]);
    const [served] = await gate.records("mark=app.", 1);
    assert.equal(served.status, 200);
  });

  it("gets what a function grants to its origin, and to no other", async () => {
    const own = new URL(pages.origin("app.localhost")).host;
    const answer = await app.fetch(`${gate.url}/own/${own}`,
      { method: "PUT", credentials: "include" });
    assert.equal(answer.status, 200, answer.error);
    assert.match((await evil.fetch(`${gate.url}/own/${own}`)).error, /Failed to fetch/);
  });

  it("is refused by a hook of the preflight, before its request is sent", async () => {
    const answer = await app.fetch(`${gate.url}/hooked?mark=delete.`, { method: "DELETE" });
    assert.match(answer.error, /Failed to fetch/);
    const [record] = await gate.records("mark=delete.", 1);
    assert.deepEqual([record.method, record.status, record.reason],
      ["OPTIONS", 403, "never-delete"]);
    assert.equal((await app.fetch(`${gate.url}/hooked`, { method: "PUT" })).status, 200);
  });
});
