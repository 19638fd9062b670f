// load.mjs - keeps a server busy: `node load.mjs PORT CLIENTS MILLISECONDS METHOD`.
//
// Prints one line of JSON: how many answers of each status, how many of them a script of
// https://app.example could not have read, and how many were not whole.
import { Agent, request } from "node:http";

const [port, clients, milliseconds, method] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(clients) });
const result = { statuses: {}, unreadable: 0, broken: 0, servers: {} };
const end = Date.now() + Number(milliseconds);

function once() {
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, path: "/load", method, agent,
      headers: { Origin: "https://app.example", "Content-Length": method === "POST" ? 3 : 0 } },
    (response) => {
      let body = "";
      response.on("data", (piece) => { body += piece; });
      response.on("error", () => { result.broken++; resolve(); });
      response.on("end", () => {
        result.statuses[response.statusCode] = (result.statuses[response.statusCode] ?? 0) + 1;
        if (response.headers["access-control-allow-origin"] !== "https://app.example") {
          result.unreadable++;
        }
        if (response.statusCode === 200) {
          const { name } = JSON.parse(body);
          result.servers[name] = (result.servers[name] ?? 0) + 1;
        }
        resolve();
      });
    });
    sent.on("error", () => { result.broken++; resolve(); });
    sent.end(method === "POST" ? "abc" : undefined);
  });
}

console.log("loading");
await Promise.all(Array.from({ length: Number(clients) }, async () => {
  while (Date.now() < end) await once();
}));
console.log(JSON.stringify(result));
agent.destroy();
