// `moongate explain --json` as a function.
//
// Environment: MOONGATE, default build/dev/moongate.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { asText } from "./recorder.mjs";

export class Explain {
  static async start() {
    const explain = new Explain();
    explain.dir = await mkdtemp(join(tmpdir(), "moongate-explain-"));
    explain.count = 0;
    return explain;
  }

  async #file(answer) {
    this.count += 1;
    const path = join(this.dir, `answer-${this.count}.txt`);
    await writeFile(path, asText(answer));
    return path;
  }

  // Explain with `answers`, and the answer of an earlier preflight that is in the cache. Where
  // nothing was sent, one answer is given all the same: it is not to be asked for.
  async run(argv, answers, cached) {
    const unasked = { status: 599, fields: [] };
    for (const answer of answers.length > 0 ? answers : [unasked]) {
      argv = [...argv, "--answer", await this.#file(answer)];
    }
    if (cached) {
      argv = [...argv, "--cached", await this.#file(cached)];
    }
    const program = resolve(process.env.MOONGATE ?? "build/dev/moongate");
    return new Promise((done, failed) => {
      const options = { maxBuffer: 1 << 26 };
      const asked = ["explain", "--json", "--browser", "chromium", ...argv];
      execFile(program, asked, options, (error, out, err) => {
        try {
          done({ code: error?.code ?? 0, ...JSON.parse(out) });
        } catch {
          failed(new Error(`explain ${argv.join(" ")}\n${error}\n${out}${err}`));
        }
      });
    });
  }

  async stop() {
    await rm(this.dir, { recursive: true, force: true });
  }
}
