// server.mjs - a Node upstream for the wire tests: `node server.mjs NAME [PORT|PATH]`.
//
// It prints the port it listens on. Answers name the server and what was asked; paths choose how:
// /chunked, /trailers, /hints, /length, /early (413 before the content was read); everything else
// answers with what it saw. A WebSocket handshake becomes an echo of raw bytes.
import { createServer } from "node:http";
import { createHash } from "node:crypto";

const [name, where] = process.argv.slice(2);

async function content(request) {
  let octets = 0;
  for await (const piece of request) octets += piece.length;
  return octets;
}

const server = createServer(async (request, response) => {
  response.setHeader("X-Server", name);
  const path = request.url.split("?")[0];
  if (path === "/early") {
    response.writeHead(413, { Connection: "close" });
    return response.end("too much");
  }
  if (path === "/hints") {
    const hints = { link: "</a.css>; rel=preload" };
    await new Promise((resolve) => response.writeEarlyHints(hints, resolve));
  }
  if (path === "/chunked" || path === "/trailers") {
    if (path === "/trailers") response.setHeader("Trailer", "X-Sum");
    response.write("one ");
    response.write("two");
    if (path === "/trailers") response.addTrailers({ "X-Sum": "7" });
    return response.end();
  }
  const octets = await content(request);
  const body = JSON.stringify({ name, method: request.method, url: request.url, octets,
    headers: request.rawHeaders });
  response.setHeader("Content-Length", Buffer.byteLength(body));
  response.end(body);
});

server.on("upgrade", (request, socket, head) => {
  const accept = createHash("sha1")
    .update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
    .digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    + `Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
  socket.write(head);
  socket.on("error", () => {});
  socket.pipe(socket);
});

server.keepAliveTimeout = 60000;
const address = /^\d+$/.test(where ?? "0") ? { port: Number(where ?? 0), host: "127.0.0.1" }
  : { path: where };
server.listen(address, () => console.log("listening", server.address().port ?? where));
