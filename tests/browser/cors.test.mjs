// A real browser against the real server: what scripts of allowed and of other origins can do,
// what the console says, and which requests are sent at all.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Browser } from "./support/chromium.mjs";
import { Gate } from "./support/gate.mjs";
import { Pages } from "./support/pages.mjs";

const policy = (app, same) => `
local friends = { "${app}", "${same}" }
local text = { ["Content-Type"] = "text/plain", ["X-Shown"] = "shown", ["X-Hidden"] = "hidden" }

resource "/api/{rest...}" {
  methods = { "GET", "POST", "PUT", "DELETE" },
  cors = {
    origins = friends, methods = { "PUT" }, headers = { "X-Custom", "Content-Type" },
    credentials = true, max_age = 600,
  },
  handler = "echo",
}
resource "/fields" {
  cors = { origins = friends, expose = { "X-Shown" } },
  handler = respond { status = 200, fields = text, body = "body" },
}
resource "/public" { methods = { "GET" }, cors = { origins = "*" }, handler = "echo" }
resource "/short" {
  methods = { "PUT" }, cors = { origins = friends, max_age = 0 }, handler = "echo",
}
resource "/any" {
  methods = { "GET", "PUT" }, cors = { origins = friends, headers = "*", credentials = true },
  handler = "echo",
}
resource "/null" { methods = { "PUT" }, cors = { origins = { "null" } }, handler = "echo" }
resource "/moved" { cors = { origins = friends }, handler = respond {
  status = 302, fields = { Location = "/fields" } } }
resource "/guarded" {
  methods = { "POST" }, cors = { origins = friends, on_denied = "reject" }, handler = "echo",
}
resource "/closed" { handler = "echo" }
resource "/page" { methods = { "GET" }, handler = respond {
  status = 200, fields = { ["Content-Type"] = "text/html" }, body = "<!doctype html><p>page" } }
default { methods = { "GET" }, cors = { origins = friends }, handler = "none" }
`;

describe("Chromium", { timeout: 240_000 }, () => {
  let pages, gate, browser, app, evil, same;
  let count = 0;

  before(async () => {
    pages = await Pages.start();
    const [appOrigin, evilOrigin, sameSite] =
      ["app.localhost", "evil.localhost", "127.0.0.1"].map((host) => pages.origin(host));
    gate = await Gate.start(policy(appOrigin, sameSite));
    browser = await Browser.start();
    app = await browser.open(appOrigin);
    evil = await browser.open(evilOrigin);
    same = await browser.open(sameSite);
  });
  after(async () => {
    await browser?.stop();
    await pages?.stop();
    await gate?.stop();
  });

  // A URL of its own for each test: the preflight cache and the access log go by it.
  const url = (path) => {
    count += 1;
    const mark = `mark=${count}.`;
    return { mark, href: `${gate.url}${path}?${mark}` };
  };
  const echoed = (answer) => JSON.parse(answer.body);
  const methods = (records) => records.map((record) => record.method).join(" ");
  const json = (method, more = {}) => ({
    method, body: '{"a":1}', ...more,
    headers: { "Content-Type": "application/json", ...more.headers },
  });

  describe("lets an allowed origin", () => {
    it("GET without a preflight", async () => {
      const { mark, href } = url("/api/x");
      const answer = await app.fetch(href);
      assert.equal(answer.status, 200, answer.error);
      assert.equal(echoed(answer).origin, pages.origin("app.localhost"));
      const [record] = await gate.records(mark, 1);
      assert.equal(record.kind, "simple");
      assert.equal(record.decision, "allow");
    });

    it("PUT JSON behind a preflight", async () => {
      const { mark, href } = url("/api/x");
      const answer = await app.fetch(href, json("PUT"));
      assert.equal(answer.status, 200, answer.error);
      assert.equal(echoed(answer).body, '{"a":1}');
      const records = await gate.records(mark, 2);
      assert.equal(methods(records), "OPTIONS PUT");
      assert.deepEqual(records.map((record) => record.kind), ["preflight", "preflighted"]);
      assert.deepEqual(records.map((record) => record.status), [204, 200]);
    });

    it("POST JSON behind a preflight", async () => {
      const { mark, href } = url("/api/x");
      assert.equal((await app.fetch(href, json("POST"))).status, 200);
      assert.equal(methods(await gate.records(mark, 2)), "OPTIONS POST");
    });

    it("POST a form without a preflight", async () => {
      const { mark, href } = url("/api/x");
      const answer = await app.fetch(href, {
        method: "POST",
        body: "a=b",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
      });
      assert.equal(echoed(answer).body, "a=b");
      const [record] = await gate.records(mark, 1);
      assert.equal(record.kind, "simple");
    });

    it("send a field of its own, in any case", async () => {
      const { mark, href } = url("/api/x");
      const answer = await app.fetch(href, { headers: { "x-CUSTOM": "1" } });
      assert.equal(answer.status, 200, answer.error);
      assert.equal(methods(await gate.records(mark, 2)), "OPTIONS GET");
    });

    it("send any field where the rule says *, with credentials too", async () => {
      const { href } = url("/any");
      const answer = await app.fetch(href, {
        method: "PUT", credentials: "include", headers: { "X-One": "1", "X-Two": "2" },
      });
      assert.equal(answer.status, 200, answer.error);
    });

    it("see upload progress: a preflight for POST", async () => {
      const { mark, href } = url("/api/x");
      const status = await app.page.evaluate((target) => new Promise((done) => {
        const request = new XMLHttpRequest();
        request.upload.addEventListener("progress", () => {});
        request.addEventListener("loadend", () => done(request.status));
        request.open("POST", target);
        request.send("content");
      }), href);
      assert.equal(status, 200);
      assert.equal(methods(await gate.records(mark, 2)), "OPTIONS POST");
    });

    it("HEAD, with the fields of GET", async () => {
      const answer = await app.fetch(url("/fields").href, { method: "HEAD" });
      assert.equal(answer.status, 200, answer.error);
      assert.equal(answer.headers["x-shown"], "shown");
      assert.equal(answer.body, "");
    });

    it("read exposed fields, and no others", async () => {
      const answer = await app.fetch(url("/fields").href);
      assert.equal(answer.body, "body");
      assert.equal(answer.headers["x-shown"], "shown");
      assert.equal(answer.headers["x-hidden"], undefined);
      assert.equal(answer.headers["content-type"], "text/plain");
    });

    it("follow a redirect", async () => {
      const answer = await app.fetch(url("/moved").href);
      assert.equal(answer.body, "body", answer.error);
      assert.equal(answer.redirected, true);
    });
  });

  describe("lets an allowed origin read the error", () => {
    it("404 of no resource, by the default resource", async () => {
      assert.equal((await app.fetch(url("/nowhere/at/all").href)).status, 404);
    });

    it("405", async () => {
      const answer = await app.fetch(url("/nowhere").href, { method: "POST", body: "x" });
      assert.equal(answer.status, 405, answer.error);
    });

    it("413, although it comes before the content has been read", async () => {
      const answer = await app.fetch(url("/api/x").href, { method: "POST", bodySize: 3 << 20 });
      assert.equal(answer.status, 413, answer.error);
    });
  });

  describe("with credentials", () => {
    before(async () => {
      await browser.context.addCookies([
        { name: "session", value: "secret", domain: "127.0.0.1", path: "/", sameSite: "Lax" },
      ]);
    });
    const cookies = (answer) =>
      echoed(answer).headers.filter(([name]) => name.toLowerCase() === "cookie").map(([, v]) => v);

    it("cookies arrive and the answer is readable", async () => {
      const { mark, href } = url("/api/x");
      const answer = await same.fetch(href, json("PUT", { credentials: "include" }));
      assert.equal(answer.status, 200, answer.error);
      assert.deepEqual(cookies(answer), ["session=secret"]);
      await gate.records(mark, 2);
    });

    it("no cookies are sent unless asked", async () => {
      const answer = await same.fetch(url("/api/x").href);
      assert.deepEqual(cookies(answer), []);
    });

    it("a rule without credentials: the answer is withheld, and the console says why", async () => {
      const answer = await same.fetch(url("/fields").href, { credentials: "include" });
      assert.match(answer.error, /TypeError/);
      await same.said(/'Access-Control-Allow-Credentials' header in the response is ''/);
    });

    it("a public rule: the answer is withheld, and the console says why", async () => {
      const answer = await same.fetch(url("/public").href, { credentials: "include" });
      assert.match(answer.error, /TypeError/);
      await same.said(
        /must not be the wildcard '\*' when the request's credentials mode is 'include'/,
      );
    });
  });

  describe("keeps another origin from", () => {
    it("reading, though the request is served", async () => {
      const { mark, href } = url("/api/x");
      assert.match((await evil.fetch(href)).error, /TypeError/);
      await evil.said(/No 'Access-Control-Allow-Origin' header is present/);
      const [record] = await gate.records(mark, 1);
      assert.equal(record.status, 200);
      assert.equal(record.decision, "deny");
      assert.equal(record.reason, "origin-denied");
    });

    it("PUT: the preflight is refused and the request never sent", async () => {
      const { mark, href } = url("/api/x");
      assert.match((await evil.fetch(href, json("PUT"))).error, /TypeError/);
      const [record] = await gate.records(mark, 1);
      assert.equal(record.method, "OPTIONS");
      assert.equal(record.status, 403);
      assert.equal(record.reason, "origin-denied");
    });

    it("POST of a form where the rule rejects: 403, and the handler never sees it", async () => {
      const { mark, href } = url("/guarded");
      await evil.fetch(href, { method: "POST", body: "a=b", mode: "no-cors" });
      const [record] = await gate.records(mark, 1);
      assert.equal(record.status, 403);
      assert.equal(record.reason, "origin-denied");
    });

    it("nothing under *: it reads", async () => {
      const answer = await evil.fetch(url("/public").href);
      assert.equal(answer.status, 200, answer.error);
    });

    it("PUT where there is no rule", async () => {
      const { mark, href } = url("/closed");
      assert.match((await app.fetch(href, { method: "PUT" })).error, /TypeError/);
      const [record] = await gate.records(mark, 1);
      assert.equal(record.reason, "no-rule");
    });
  });

  describe("names in the console", () => {
    it("a method outside the rule, and does not send it", async () => {
      const { mark, href } = url("/api/x");
      assert.match((await app.fetch(href, { method: "DELETE" })).error, /TypeError/);
      await app.said(/Method DELETE is not allowed by Access-Control-Allow-Methods/);
      const [record] = await gate.records(mark, 1);
      assert.equal(record.status, 204);
      assert.equal(record.reason, "method-denied");
    });

    it("a method in the wrong case", async () => {
      const { mark, href } = url("/api/x");
      assert.match((await app.fetch(href, { method: "patch" })).error, /TypeError/);
      await app.said(/Method patch is not allowed by Access-Control-Allow-Methods/);
      await gate.records(mark, 1);
    });

    it("a field outside the rule, and does not send it", async () => {
      const { mark, href } = url("/api/x");
      const answer = await app.fetch(href, { headers: { "X-Custom": "1", "X-Evil": "1" } });
      assert.match(answer.error, /TypeError/);
      await app.said(/Request header field x-evil is not allowed by Access-Control-Allow-Headers/);
      const [record] = await gate.records(mark, 1);
      assert.equal(record.reason, "header-denied");
    });

    it("Authorization, which * does not cover", async () => {
      const { mark, href } = url("/any");
      const answer = await app.fetch(href, { headers: { Authorization: "x", "X-One": "1" } });
      assert.match(answer.error, /TypeError/);
      await app.said(/Request header field authorization is not allowed by Access-Control-Allow-H/);
      const [record] = await gate.records(mark, 1);
      assert.equal(record.reason, "header-denied");
    });
  });

  describe("opaque origin", () => {
    const fetchSandboxed = (tab, href, method) => tab.page.evaluate(([target, verb]) =>
      new Promise((done) => {
        const frame = document.createElement("iframe");
        frame.sandbox = "allow-scripts";
        frame.srcdoc = `<script>fetch(${JSON.stringify(target)}, { method: "${verb}" })`
          + ".then((r) => r.status, (e) => e.name).then((v) => parent.postMessage(v, '*'))</scr"
          + "ipt>";
        addEventListener("message", (event) => {
          frame.remove();
          done(event.data);
        }, { once: true });
        document.body.append(frame);
      }), [href, method]);

    it("is refused where it is not listed", async () => {
      const { mark, href } = url("/api/x");
      assert.equal(await fetchSandboxed(app, href, "PUT"), "TypeError");
      const [record] = await gate.records(mark, 1);
      assert.equal(record.origin, "null");
      assert.equal(record.reason, "origin-null-denied");
    });

    it("is let in where it is", async () => {
      assert.equal(await fetchSandboxed(app, url("/null").href, "PUT"), 200);
    });
  });

  describe("preflight cache", () => {
    it("is honoured: the second PUT comes without OPTIONS", async () => {
      const { mark, href } = url("/api/x");
      assert.equal((await app.fetch(href, json("PUT"))).status, 200);
      assert.equal((await app.fetch(href, json("PUT"))).status, 200);
      assert.equal(methods(await gate.records(mark, 3)), "OPTIONS PUT PUT");
    });

    it("covers all that the rule allows, not only what was asked", async () => {
      const { mark, href } = url("/api/x");
      assert.equal((await app.fetch(href, { method: "PUT" })).status, 200);
      assert.equal((await app.fetch(href, { headers: { "X-Custom": "1" } })).status, 200);
      assert.equal((await app.fetch(href, json("POST"))).status, 200);
      assert.equal(methods(await gate.records(mark, 4)), "OPTIONS PUT GET POST");
    });

    it("keeps nothing with max_age 0", async () => {
      const { mark, href } = url("/short");
      assert.equal((await app.fetch(href, { method: "PUT" })).status, 200);
      assert.equal((await app.fetch(href, { method: "PUT" })).status, 200);
      assert.equal(methods(await gate.records(mark, 4)), "OPTIONS PUT OPTIONS PUT");
    });

    it("is kept apart for credentials", async () => {
      const { mark, href } = url("/api/x");
      assert.equal((await app.fetch(href, { method: "PUT" })).status, 200);
      assert.equal((await app.fetch(href, { method: "PUT", credentials: "include" })).status, 200);
      assert.equal(methods(await gate.records(mark, 4)), "OPTIONS PUT OPTIONS PUT");
    });
  });

  it("sends Origin with a same-origin POST, which is known as such", async () => {
    const own = await browser.open(`${gate.url}/page`);
    const { mark, href } = url("/closed");
    const answer = await own.fetch(href, { method: "POST", body: "x" });
    await own.close();
    assert.equal(answer.status, 200, answer.error);
    const [record] = await gate.records(mark, 1);
    assert.equal(record.origin, gate.url);
    assert.equal(record.kind, "same-origin");
  });
});
