// A server of Node's with one CORS fault a path, and one path without any. Prints its URL, then
// every request as a line of JSON. With two arguments, a key and a certificate, it speaks TLS.
//
// Most paths are what the `cors` package makes of options that are often seen; the others are
// written by hand.
import cors from "cors";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";

const APP = "https://app.shop.example";

const byPackage = (options) => {
  const handle = cors(options);
  return (request, response, next) => handle(request, response, next);
};

// Sets the fields given, or those that a function makes of the request.
const byHand = (fields, status = 200) => (request, response, next) => {
  const own = typeof fields === "function" ? fields(request) : fields;
  response.statusCode = typeof status === "function" ? status(request) : status;
  for (const [name, value] of Object.entries(own)) {
    response.setHeader(name, value);
  }
  next();
};

const isPreflight = (request) =>
  request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;

// A list of one origin, done right, with `more` on top and `status` in place of 200.
const careful = (more = {}, status = (request) => (isPreflight(request) ? 204 : 200)) =>
  byHand((request) => {
    const fields = { Vary: "Origin" };
    if (request.headers.origin === APP) {
      fields["Access-Control-Allow-Origin"] = APP;
      if (isPreflight(request)) {
        fields["Access-Control-Allow-Methods"] = "GET, PUT";
        fields["Access-Control-Allow-Headers"] = "content-type";
      }
      Object.assign(fields, typeof more === "function" ? more(request) : more);
    }
    return fields;
  }, status);

const paths = {
  "/careful": careful(),
  // options of the package
  "/reflect-credentials": byPackage({ origin: true, credentials: true }),
  "/reflect": byPackage({ origin: true }),
  "/regex-end-open": byPackage({ origin: /^https:\/\/app\.shop\.example/ }),
  "/regex-start-open": byPackage({ origin: /shop\.example$/, credentials: true }),
  "/regex-dot": byPackage({ origin: /^https:\/\/app.shop.example$/ }),
  "/regex-scheme": byPackage({ origin: /^https?:\/\/app\.shop\.example$/, credentials: true }),
  "/regex-subdomain": byPackage({ origin: /^https:\/\/([a-z-]+\.)*shop\.example$/ }),
  "/null": byPackage({ origin: [APP, "null"], credentials: true }),
  "/wildcard": byPackage({}),
  "/wildcard-credentials": byPackage({ origin: "*", credentials: true }),
  "/max-age-negative": byPackage({ origin: [APP], maxAge: -1 }),
  "/max-age-week": byPackage({ origin: [APP], maxAge: 604800 }),
  "/headers-wildcard": byPackage({ origin: "*", allowedHeaders: "*" }),
  // by hand
  "/junk": byHand((request) => {
    const { origin } = request.headers;
    const allowed = /^https:\/\/app\.shop\.example($|[^a-z0-9.-])/.test(origin);
    return { Vary: "Origin", ...(allowed && { "Access-Control-Allow-Origin": origin }) };
  }),
  "/several": byHand({ "Access-Control-Allow-Origin": `${APP}, https://b.example` }),
  "/several-lines": byHand({ "Access-Control-Allow-Origin": [APP, "*"] }),
  "/trailing-slash": byHand({ "Access-Control-Allow-Origin": `${APP}/` }),
  "/acac-upper-case": careful({ "Access-Control-Allow-Credentials": "True" }),
  "/acac-alone": byHand({ "Access-Control-Allow-Credentials": "true" }),
  "/expose-wildcard": careful({
    "Access-Control-Allow-Credentials": "true", "Access-Control-Expose-Headers": "*",
  }),
  "/vary-allowed": careful({ Vary: "Accept" }),
  "/vary-denied": byHand((request) => (request.headers.origin === APP
    ? { "Access-Control-Allow-Origin": APP, Vary: "Accept-Encoding, origin" }
    : {})),
  "/cached-denial": byHand((request) => ({
    "Cache-Control": "public, max-age=600",
    ...(request.headers.origin === APP && { "Access-Control-Allow-Origin": APP, Vary: "Origin" }),
  })),
  "/preflight-redirect": careful({ Location: "/careful" }, (r) => (isPreflight(r) ? 308 : 200)),
  "/preflight-login": careful({}, (request) => (isPreflight(request) ? 401 : 200)),
  "/preflight-405": careful({}, (request) => (isPreflight(request) ? 405 : 200)),
  "/preflight-bare": byHand((request) => ({
    Vary: "Origin",
    ...(request.headers.origin === APP && !isPreflight(request)
      && { "Access-Control-Allow-Origin": APP }),
  })),
  "/preflight-only": byHand((request) => ({
    Vary: "Origin",
    ...(request.headers.origin === APP && isPreflight(request)
      && { "Access-Control-Allow-Origin": APP }),
  })),
  "/list-malformed": careful((r) => (isPreflight(r)
    ? { "Access-Control-Allow-Methods": "[GET PUT]" } : {})),
  "/method-case": careful((request) => (isPreflight(request)
    && ["GET", "PATCH"].includes(request.headers["access-control-request-method"].toUpperCase())
    ? { "Access-Control-Allow-Methods": request.headers["access-control-request-method"] } : {})),
  "/private-network": careful((request) => (
    request.headers["access-control-request-private-network"]
      ? { "Access-Control-Allow-Private-Network": "true" } : {})),
  "/lists-everywhere": careful({ "Access-Control-Allow-Methods": "GET, PUT" }),
  "/elsewhere": careful(
    (request) => ({ Location: new URLSearchParams(request.url.split("?")[1]).get("to") ?? "/" }),
    (request) => (request.method === "GET" ? 302 : 204),
  ),
  "/hangs-up": (request) => request.socket.destroy(),
  "/silent": () => {},
  "/stream": (request, response) => careful()(request, response, () => response.write("event\n")),
  "/endless": (request, response) => careful()(request, response, () => {
    const more = () => {
      while (!response.destroyed && response.write(".".repeat(65536)));
    };
    response.on("drain", more);
    more();
  }),
  "/interim": (request, response) => careful()(request, response, () => {
    response.writeEarlyHints({ link: "</a.css>; rel=preload" });
    response.setHeader("Trailer", "X-Trailer");
    response.write("{}\n");
    response.addTrailers({ "X-Trailer": "1" });
    response.end();
  }),
};

function report(request) {
  let content = "";
  const fields = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    fields.push(request.rawHeaders.slice(i, i + 2));
  }
  request.on("data", (data) => (content += data));
  request.on("end", () => console.log(
    JSON.stringify({ method: request.method, target: request.url, fields, content })));
}

function serve(request, response) {
  report(request);
  const [target] = request.url.split("?");
  const found = Object.keys(paths).find((path) => target === path);
  const parent = Object.keys(paths).find((path) => target.startsWith(`${path}/`));
  const end = () => {
    if (request.method === "SEARCH") {
      response.statusCode = 405;
    }
    response.end("{}\n");
  };
  if (found) {
    paths[found](request, response, end);
  } else if (parent === "/reflect") {
    // An error page of another layer, which knows nothing of CORS.
    response.statusCode = 404;
    response.end();
  } else if (parent) {
    paths[parent](request, response, () => {
      response.statusCode = 404;
      response.end();
    });
  } else {
    response.statusCode = 404;
    response.end();
  }
}

const [key, cert] = process.argv.slice(2);
const server = key === undefined
  ? http.createServer(serve)
  : https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, serve);
server.listen(0, "127.0.0.1", () => {
  const scheme = key === undefined ? "http" : "https";
  console.log(`listening on ${scheme}://127.0.0.1:${server.address().port}`);
});
