// Debian's Chromium, headless, with a fresh profile, silent on the network; and pages that
// report what their scripts saw and what the console said.
//
// Environment: CHROMIUM, default /usr/bin/chromium.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const SAID_MS = 10_000;

export class Browser {
  static async start() {
    const browser = new Browser();
    browser.profile = await mkdtemp(join(tmpdir(), "moongate-chromium-"));
    browser.context = await chromium.launchPersistentContext(browser.profile, {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ARGUMENTS,
      headless: true,
    });
    return browser;
  }

  async open(origin) {
    const page = await this.context.newPage();
    const lines = [];
    page.on("console", (message) => lines.push(message.text()));
    await page.goto(origin);
    return new Tab(page, lines);
  }

  async stop() {
    await this.context.close();
    await rm(this.profile, { recursive: true, force: true });
  }
}

class Tab {
  constructor(page, lines) {
    this.page = page;
    this.lines = lines;
  }

  // What a script of the page gets from fetch: { status, body, headers }, or { error } where the
  // browser refuses it.
  async fetch(url, options = {}) {
    return this.page.evaluate(fetchInPage, [url, options]);
  }

  // The console's lines; waits until one matches.
  async said(pattern) {
    const deadline = Date.now() + SAID_MS;
    while (!this.lines.some((line) => pattern.test(line))) {
      if (Date.now() > deadline) {
        throw new Error(`the console never said ${pattern}:\n  ${this.lines.join("\n  ")}`);
      }
      await new Promise((wake) => setTimeout(wake, 5));
    }
  }

  async close() {
    await this.page.close();
  }
}

// Runs in the page.
async function fetchInPage([url, options]) {
  if (options.bodySize) {
    options.body = "x".repeat(options.bodySize);
  }
  try {
    const response = await fetch(url, options);
    return {
      status: response.status,
      type: response.type,
      redirected: response.redirected,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  } catch (error) {
    return { error: `${error.name}: ${error.message}` };
  }
}
