// A web server for empty pages: what matters of a page is its origin alone.
import { createServer } from "node:http";

const PAGE = "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>page</title>";

export class Pages {
  static async start() {
    const pages = new Pages();
    pages.server = createServer((request, response) => {
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
      response.end(PAGE);
    });
    await new Promise((ready) => pages.server.listen(0, "127.0.0.1", ready));
    pages.port = pages.server.address().port;
    return pages;
  }

  // Every name below localhost is this machine, and each is an origin of its own.
  origin(host) {
    return `http://${host}:${this.port}`;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((ended) => this.server.close(ended));
  }
}
