// Chromium's fetches against a recording server, each explained with the answers that the server
// sent: the same requests, in the same order, with the same fields, the same end, and the same
// sentence in the console. The JavaScript that the page runs is the text that explain reads.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CASES } from "./support/explain-cases.mjs";
import { Browser } from "./support/chromium.mjs";
import { Explain } from "./support/explain.mjs";
import { Recorder, field } from "./support/recorder.mjs";

// What is compared of each request. Referer is not: explain does not know the page's path.
const FIELDS = [
  "host", "origin", "accept", "content-type", "range", "authorization",
  "access-control-request-method", "access-control-request-headers",
  "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest",
];

// Where Chromium and explain differ: the case, what is not compared, and why. Everything else of
// the case, and every other case, has to agree.
const DIFFERENCES = {
  // Chromium's HTTP cache writes a single range anew in its own form before the request is sent.
  // The preflight was asked for the value as it is, which explain shows.
  "Range: BYTES=0-9": { fields: ["range"] },
  "Range: bytes= 0-9": { fields: ["range"] },
};

const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));
const CONSOLE_MS = 5_000;

// A request as it is compared, but for the fields `left`.
function shape(method, url, fields, left) {
  const shown = {};
  for (const name of FIELDS) {
    const value = field(fields, name);
    if (value !== null && !left.includes(name)) {
      shown[name] = name === "content-type"
        ? value.replace(/boundary=.*/, "boundary=any") : value;
    }
  }
  return { method, url, fields: shown };
}

// Runs in the page: what a script saw of a fetch.
async function runInPage(source) {
  try {
    const response = await (0, eval)(source);
    if (response instanceof Response) {
      return { type: response.type, status: response.status };
    }
    return response;
  } catch (error) {
    return { error: `${error.name}: ${error.message}` };
  }
}

function verdictOf(seen) {
  if (seen.error) {
    return "failed";
  }
  return seen.type.startsWith("opaque") ? "opaque" : "readable";
}

describe("explain and Chromium agree on", { timeout: 280_000 }, () => {
  let recorder, browser, explain;
  const tabs = new Map();

  before(async () => {
    recorder = await Recorder.start();
    explain = await Explain.start();
    browser = await Browser.start();
  });
  after(async () => {
    await browser?.stop();
    await explain?.stop();
    await recorder?.stop();
  });

  async function tabOf(host) {
    if (!tabs.has(host)) {
      tabs.set(host, await browser.open(recorder.origin(host)));
    }
    return tabs.get(host);
  }

  // Wait for requests that the page does not wait for.
  async function arrived(mark, count) {
    const deadline = Date.now() + CONSOLE_MS;
    while (recorder.of(mark).length < count && Date.now() < deadline) {
      await pause(5);
    }
  }

  // Chromium's lines about a case, once the one that is expected has come.
  async function consoleLines(tab, mark, expected) {
    const about = () =>
      tab.lines.filter((line) => line.includes(mark) && !/^Failed to load/.test(line));
    const deadline = Date.now() + CONSOLE_MS;
    while (expected && !about().includes(expected) && Date.now() < deadline) {
      await pause(5);
    }
    return about();
  }

  CASES.forEach((row, index) => {
    it(row.name, async () => {
      const mark = `/case-${index}/`;
      const page = recorder.origin(row.page ?? "app.localhost");
      const world = {
        api: (hop = 0) => `${recorder.origin("api.localhost")}${mark}${hop}`,
        other: (hop = 0) => `${recorder.origin("other.localhost")}${mark}${hop}`,
        home: (hop = 0) => `${page}${mark}${hop}`,
        page,
      };
      row.answers(world).forEach((answers, hop) => recorder.on(`${mark}${hop}`, answers));
      const tab = await tabOf(row.page ?? "app.localhost");
      const sources = [row.run(world)].flat();
      let cached;
      for (const [step, source] of sources.entries()) {
        const first = recorder.of(mark).length;
        await pause(step > 0 ? row.wait ?? 0 : 0);
        const seen = await tab.page.evaluate(runInPage, source.code ?? source);
        await arrived(mark, first + (source.requests ?? 0));
        const exchanges = recorder.of(mark).slice(first);
        const argv = ["--from", page, ...(source.argv ?? ["--fetch", source])];
        if (step > 0 && row.wait) {
          argv.push("--cached-age", `${row.wait}ms`);
        }
        const told = await explain.run(argv, exchanges.map(({ answer }) => answer), cached);
        await compare(tab, mark, row.name, { seen, exchanges, told });
        cached = row.isolated ? undefined
          : exchanges.find(({ method }) => method === "OPTIONS")?.answer ?? cached;
      }
    });
  });

  async function compare(tab, mark, name, { seen, exchanges, told }) {
    const left = DIFFERENCES[name]?.fields ?? [];
    const real = exchanges.map((one) => shape(one.method, one.url, one.fields, left));
    const simulated = told.exchanges.map(({ request }) =>
      shape(request.method, request.url.replace(/#.*/, ""), request.fields, left));
    assert.deepEqual(simulated, real, "explain's requests, and Chromium's");
    if (seen !== null) {
      const verdict = { blocked: "failed", error: "failed" }[told.verdict] ?? told.verdict;
      assert.equal(verdict, verdictOf(seen), `explain says ${told.verdict} (${told.outcome}), ` +
        `Chromium ${JSON.stringify(seen)}`);
      assert.equal(told.code, verdict === "failed" ? 1 : 0, "the exit code");
    }
    if (told.console?.startsWith("TypeError: ")) {
      assert.equal(told.console, seen.error, "the exception, explain's and Chromium's");
      return;
    }
    const lines = await consoleLines(tab, mark, told.console);
    assert.deepEqual(told.console === null ? [] : [told.console], [...new Set(lines)],
      "the console's line, explain's and Chromium's");
  }

  it("more than 80 fetches, and each difference that is listed is of one of them", () => {
    assert.ok(CASES.length >= 80, `${CASES.length} cases`);
    assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length, "names are unique");
    for (const name of Object.keys(DIFFERENCES)) {
      assert.ok(CASES.some((row) => row.name === name), `no case is called "${name}"`);
    }
  });
});
