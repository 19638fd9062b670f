// A server that answers as it is told and keeps what it was asked, request by request, as it came
// over the wire. It serves the pages too, so that any name below localhost is an origin with both.
import { createServer } from "node:http";

const PAGE = "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>page</title>";

export class Recorder {
  static async start() {
    const recorder = new Recorder();
    recorder.exchanges = [];
    recorder.answers = new Map();
    recorder.server = createServer((request, response) => recorder.#serve(request, response));
    await new Promise((ready) => recorder.server.listen(0, "127.0.0.1", ready));
    recorder.port = recorder.server.address().port;
    return recorder;
  }

  origin(host) {
    return `http://${host}:${this.port}`;
  }

  // Say what a path answers: { preflight, actual }, each { status, fields: [[name, value], ...] }.
  on(path, answers) {
    this.answers.set(path, answers);
  }

  #serve(request, response) {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => this.#answer(request, response, Buffer.concat(chunks)));
  }

  #answer(request, response, content) {
    const path = new URL(request.url, "http://x").pathname;
    const answers = this.answers.get(path);
    response.sendDate = false;
    if (!answers) {
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
      response.end(PAGE);
      return;
    }
    const preflight = request.method === "OPTIONS" &&
      request.headers["access-control-request-method"] !== undefined;
    const answer = preflight ? answers.preflight : answers.actual;
    const body = answer.body ?? "content";
    const hasBody = ![204, 304].includes(answer.status) && request.method !== "HEAD";
    const fields = [...answer.fields];
    if (hasBody) {
      fields.push(["Content-Length", String(body.length)]);
    }
    this.exchanges.push({
      path,
      method: request.method,
      url: `http://${request.headers.host}${request.url}`,
      fields: pairs(request.rawHeaders),
      content,
      answer: { status: answer.status, fields },
    });
    response.writeHead(answer.status, fields.flat());
    response.end(hasBody ? body : undefined);
  }

  // The exchanges whose path begins with `prefix`.
  of(prefix) {
    return this.exchanges.filter((exchange) => exchange.path.startsWith(prefix));
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((ended) => this.server.close(ended));
  }
}

function pairs(raw) {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i], raw[2 * i + 1]]);
}

// The value of a field of such a list, or null.
export function field(fields, name) {
  const found = fields.filter(([n]) => n.toLowerCase() === name.toLowerCase());
  return found.length === 0 ? null : found.map(([, value]) => value).join(", ");
}

// An answer as `curl -i` prints it.
export function asText({ status, fields }) {
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`HTTP/1.1 ${status} Answer\r\n${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
