// The fetches of explain.test.mjs. Each row: `run(world)`, the JavaScript of the page, or a list of
// such to be run one after the other, or { code, argv } where it is no fetch(); and
// `answers(world)`, what each URL of the case answers.

const acao = (value) => ["Access-Control-Allow-Origin", value];
const acac = ["Access-Control-Allow-Credentials", "true"];
const acam = (value) => ["Access-Control-Allow-Methods", value];
const acah = (value) => ["Access-Control-Allow-Headers", value];
const acma = (value) => ["Access-Control-Max-Age", value];
const answer = (status, ...fields) => ({ status, fields });

// One URL that answers `preflight` and `actual`, given as fields; the defaults let all pass.
const one = (preflight, actual) => (world) => [{
  preflight: preflight?.(world) ?? answer(204, acao(world.page), acac, acam("PUT, DELETE, PATCH"),
    acah("x-a, x-b, content-type, authorization, accept, accept-language, range, x-c")),
  actual: actual?.(world) ?? answer(200, acao(world.page), acac),
}];
const open = one();
const quoted = (value) => JSON.stringify(value);

// A fetch of the case's URL with options as text.
const call = (options) => (world) => `fetch(${quoted(world.api())}, ${options})`;
const get = (world) => `fetch(${quoted(world.api())})`;
const row = (name, run, answers = open, more = {}) => ({ name, run, answers, ...more });

const headers = (list, rest = "") => call(`{ headers: ${JSON.stringify(list)}${rest} }`);
const long = (count) => "a".repeat(count);

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "patch", "put", "Post", "OPTIONS",
  "QUERY"].map((method) =>
  row(`the method ${method}`, call(`{ method: "${method}" }`),
    one((w) => answer(204, acao(w.page), acam("PUT, DELETE, PATCH, OPTIONS, QUERY")))));

const FORBIDDEN = [
  row("the method TRACE", call('{ method: "TRACE" }')),
  row("the method connect", call('{ method: "connect" }')),
  row("a method that is no token", call('{ method: "P UT" }')),
  row("GET with content", call('{ body: "x" }')),
  row("a header name that is no token", headers({ "x a": "1" })),
  row("a URL with a user name",
    (w) => `fetch(${quoted(w.api().replace("//", "//user:secret@"))})`),
  row("PUT in mode no-cors", call('{ method: "PUT", mode: "no-cors" }')),
  row("another origin in mode same-origin", call('{ mode: "same-origin" }')),
  row("a redirect to be refused in mode no-cors", call('{ mode: "no-cors", redirect: "error" }')),
];

const HEADERS = [
  row("a header of its own", headers({ "X-A": "1" })),
  row("several, sorted and in lower case", headers({ "X-B": "1", "x-a": "2", Authorization: "t" })),
  row("the same header twice", call('{ headers: [["X-A", "1"], ["x-a", "2"]] }')),
  row("new Headers", call('{ headers: new Headers({ "X-A": "1", }), }')),
  row("Accept of 128 bytes", headers({ Accept: long(128) })),
  row("Accept of 129 bytes", headers({ Accept: long(129) })),
  row("Accept with an unsafe byte", headers({ Accept: "text/html(" })),
  row("two Accept lines that are too long together",
    call(`{ headers: [["Accept", "${long(64)}"], ["Accept", "${long(64)}"]] }`)),
  row("Accept-Language", headers({ "Accept-Language": "de, en;q=0.5" })),
  row("Accept-Language with an underscore", headers({ "Accept-Language": "de_DE" })),
  row("Content-Language of 128 bytes", headers({ "Content-Language": long(128) })),
  row("1024 bytes of safelisted headers", headers({
    Accept: long(128), "Accept-Language": long(128), "Content-Language": long(128),
    "Content-Type": `text/plain;${long(117)}`, DPR: "1.0", Width: "100",
  })),
  row("client hints are safelisted", headers({ DPR: "2.0", "Save-Data": "on", Width: "100" })),
  row("a client hint out of form", headers({ DPR: "abc" }),
    one((w) => answer(204, acao(w.page), acah("dpr")))),
  ...["bytes=0-99", "bytes=5-", "bytes=-5", "bytes=0-1,4-5", "bytes=9-1", "BYTES=0-9",
    "bytes= 0-9", "bytes=0-99999999999999999999"].map((value) =>
    row(`Range: ${value}`, headers({ Range: value }))),
  row("headers that a script may not set",
    headers({ Cookie: "a=b", Host: "x", Origin: "https://x", "Sec-A": "1", "Proxy-A": "1" })),
  row("X-HTTP-Method-Override with a forbidden method",
    headers({ "X-HTTP-Method-Override": "TRACE" })),
  row("X-HTTP-Method-Override with another", headers({ "X-HTTP-Method-Override": "PUT" }),
    one((w) => answer(204, acao(w.page), acah("x-http-method-override")))),
  row("Cache-Control", headers({ "Cache-Control": "no-cache" }),
    one((w) => answer(204, acao(w.page), acah("cache-control")))),
  row("an empty value", headers({ "X-A": "" })),
  row("a value with white space around it", headers({ "X-A": "  1  " })),
  row("Last-Event-ID", headers({ "Last-Event-ID": "1" }),
    one((w) => answer(204, acao(w.page), acah("last-event-id")))),
];

const TYPES = [
  ["text/plain", "text/plain"],
  ["text/plain with a parameter", "text/plain; charset=utf-8"],
  ["TEXT/PLAIN", "TEXT/PLAIN"],
  ["a form", "application/x-www-form-urlencoded"],
  ["multipart", "multipart/form-data; boundary=x"],
  ["JSON", "application/json"],
  ["two types", "text/plain, application/json"],
  ["a quoted parameter", 'text/plain; a="b"'],
  ["a type without subtype", "text"],
  ["128 bytes", `text/plain;${long(117)}`],
  ["129 bytes", `text/plain;${long(118)}`],
].map(([name, value]) => row(`Content-Type: ${name}`,
  call(`{ method: "POST", body: "a", headers: { "Content-Type": ${quoted(value)} } }`)));

const BODIES = [
  ["a string", '"text"'],
  ["null", "null"],
  ["JSON.stringify", 'JSON.stringify({ a: 1, b: [true, null], })'],
  ["URLSearchParams", 'new URLSearchParams("a=b")'],
  ["FormData", "new FormData()"],
  ["Blob of JSON", 'new Blob(["{}"], { type: "application/json" })'],
  ["Blob without a type", 'new Blob(["{}"])'],
  ["Uint8Array", "new Uint8Array(4)"],
].map(([name, body]) => row(`content: ${name}`, call(`{ method: "POST", body: ${body} }`)));

const include = ', credentials: "include"';
const CREDENTIALS = [
  row("credentials, all in place", call(`{ credentials: "include" }`)),
  row("credentials and *", call(`{ credentials: "include" }`),
    one(null, () => answer(200, acao("*"), acac))),
  row("credentials without Allow-Credentials", call(`{ credentials: "include" }`),
    one(null, (w) => answer(200, acao(w.page)))),
  row("credentials and True", call(`{ credentials: "include" }`),
    one(null, (w) => answer(200, acao(w.page), ["Access-Control-Allow-Credentials", "True"]))),
  row("credentials in a preflight's answer missing", call(`{ method: "PUT"${include} }`),
    one((w) => answer(204, acao(w.page), acam("PUT")))),
  row("credentials and methods *", call(`{ method: "PUT"${include} }`),
    one((w) => answer(204, acao(w.page), acac, acam("*")))),
  row("credentials and headers *", headers({ "X-A": "1" }, include),
    one((w) => answer(204, acao(w.page), acac, acah("*")))),
  row("credentials: omit", call(`{ credentials: "omit" }`)),
  row("credentials: same-origin and *", call(`{ credentials: "same-origin" }`),
    one(null, () => answer(200, acao("*")))),
];

const ACTUAL = [
  ["no Access-Control-Allow-Origin", () => answer(200)],
  ["another origin", () => answer(200, acao("https://other.example"))],
  ["a slash at the end", (w) => answer(200, acao(`${w.page}/`))],
  ["two values", (w) => answer(200, acao(w.page), acao("https://b.example"))],
  ["two values in one line", (w) => answer(200, acao(`${w.page}, *`))],
  ["an invalid value", () => answer(200, acao("app"))],
  ["an empty value", () => answer(200, acao(""))],
  ["null", () => answer(200, acao("null"))],
  ["upper case", (w) => answer(200, acao(w.page.toUpperCase()))],
  ["*", () => answer(200, acao("*"))],
  ["a readable 404", (w) => answer(404, acao(w.page))],
  ["an unreadable 500", () => answer(500)],
].map(([name, actual]) => row(`an answer with ${name}`, get, one(null, actual)));

const put = call('{ method: "PUT" }');
const custom = headers({ "X-A": "1", "X-B": "2" });
const PREFLIGHTS = [
  ["no fields", put, () => answer(204)],
  ["the wrong origin", put, () => answer(204, acao("https://b.example"), acam("PUT"))],
  ["status 200", put, (w) => answer(200, acao(w.page), acam("PUT"))],
  ["status 299", put, (w) => answer(299, acao(w.page), acam("PUT"))],
  ["status 403", put, (w) => answer(403, acao(w.page), acam("PUT"))],
  ["status 404 and no fields", put, () => answer(404)],
  ["status 304", put, (w) => answer(304, acao(w.page), acam("PUT"))],
  ["a redirect", put,
    (w) => answer(302, acao(w.page), acam("PUT"), ["Location", `${w.api()}?again`])],
  ["a redirect without fields", put, (w) => answer(301, ["Location", `${w.api()}?again`])],
  ["no methods", put, (w) => answer(204, acao(w.page))],
  ["other methods", put, (w) => answer(204, acao(w.page), acam("GET, DELETE"))],
  ["the method in lower case", put, (w) => answer(204, acao(w.page), acam("put"))],
  ["methods *", put, (w) => answer(204, acao("*"), acam("*"))],
  ["methods that are no list", put, (w) => answer(204, acao(w.page), acam("PUT (x)"))],
  ["methods with empty elements", put, (w) => answer(204, acao(w.page), acam(",, PUT ,"))],
  ["methods in two lines", put, (w) => answer(204, acao(w.page), acam("GET"), acam("PUT"))],
  ["one of two headers", custom, (w) => answer(204, acao(w.page), acah("x-a"))],
  ["headers in any case", custom, (w) => answer(204, acao(w.page), acah("X-B,X-A"))],
  ["headers *", custom, () => answer(204, acao("*"), acah("*"))],
  ["headers that are no list", custom, (w) => answer(204, acao(w.page), acah("x-a x-b"))],
  ["headers * for Authorization", headers({ Authorization: "t" }),
    () => answer(204, acao("*"), acah("*"))],
  ["no headers", custom, (w) => answer(204, acao(w.page))],
  ["PATCH for patch", call('{ method: "patch" }'), (w) => answer(204, acao(w.page), acam("PATCH"))],
].map(([name, run, preflight]) => row(`a preflight's answer with ${name}`, run, one(preflight)));

const MODES = [
  row("mode no-cors", call('{ mode: "no-cors" }'), one(null, () => answer(200))),
  row("mode no-cors with headers",
    call('{ mode: "no-cors", headers: { "X-A": "1", Accept: "text/html", Range: "bytes=0-" } }'),
    one(null, () => answer(200))),
  row("mode no-cors with JSON", call('{ mode: "no-cors", method: "POST", body: "{}", ' +
    'headers: { "Content-Type": "application/json" } }'), one(null, () => answer(200))),
  row("the same origin", (w) => `fetch(${quoted(w.home())})`, one(null, () => answer(200))),
  row("the same origin with a method and headers",
    (w) => `fetch(${quoted(w.home())}, { method: "PUT", headers: { "X-A": "1" } })`,
    one(null, () => answer(200))),
  row("the same origin in mode same-origin",
    (w) => `fetch(${quoted(w.home())}, { mode: "same-origin" })`, one(null, () => answer(200))),
  row("keepalive", call('{ method: "PUT", keepalive: true, body: "x" }')),
  row("cache: no-cache is no header", call('{ cache: "no-cache" }')),
];

const moved = (status, to) => (world) => answer(status, acao("*"), ["Location", to(world)]);
const chain = (...list) => (world) => list.map(([actual, preflight]) => ({
  preflight: preflight?.(world) ?? answer(204, acao("*"), acam("*"), acah("*, authorization")),
  actual: actual(world),
}));
const fine = () => answer(200, acao("*"));
const REDIRECTS = [
  row("a redirect on the same foreign origin", get, chain([moved(302, (w) => w.api(1))], [fine])),
  row("a redirect to another foreign origin", get, chain([moved(302, (w) => w.other(1))], [fine])),
  row("a redirect to another foreign origin that names the page", get,
    chain([moved(302, (w) => w.other(1))], [(w) => answer(200, acao(w.page))])),
  row("a redirect back home", get, chain([moved(302, (w) => w.home(1))], [fine])),
  row("a redirect from home", (w) => `fetch(${quoted(w.home())})`,
    chain([moved(302, (w) => w.api(1))], [fine])),
  row("a redirect from home, refused", (w) => `fetch(${quoted(w.home())})`,
    chain([moved(302, (w) => w.api(1))], [() => answer(200)])),
  row("a redirect without CORS fields", get,
    chain([(w) => answer(302, ["Location", w.api(1)])], [fine])),
  row("307 after a preflight gets one of its own", call('{ method: "PUT", body: "x" }'),
    chain([moved(307, (w) => w.api(1))], [fine])),
  row("307 whose own preflight is refused", call('{ method: "PUT", body: "x" }'),
    chain([moved(307, (w) => w.other(1))], [fine, () => answer(204)])),
  row("303 after PUT becomes GET", call('{ method: "PUT", body: "x" }'),
    chain([moved(303, (w) => w.api(1))], [fine])),
  row("301 after POST becomes GET", call('{ method: "POST", body: "x" }'),
    chain([moved(301, (w) => w.api(1))], [fine])),
  row("302 after PUT stays PUT", call('{ method: "PUT", body: "x" }'),
    chain([moved(302, (w) => w.api(1))], [fine])),
  row("Authorization is dropped on the way to another origin", headers({ Authorization: "t" }),
    chain([moved(302, (w) => w.other(1))], [fine])),
  row("a custom header is not", headers({ "X-A": "t" }),
    chain([moved(302, (w) => w.other(1))], [fine])),
  row("a redirect with a user name", get,
    chain([moved(302, (w) => w.api(1).replace("//", "//user:secret@"))], [fine])),
  ...["data:text/plain,x", "about:blank", "file:///x", "blob:x", "chrome://version/",
    "isolated-app://x/", "view-source:http://a/", "ftp://a/", "MailTo:a@b", "foo:bar",
    "javascript:1", "wss://a/"].map((to) =>
    row(`a redirect to ${to}`, get, chain([moved(302, () => to)], [fine]))),
  row("a redirect to ftp: in mode no-cors", call('{ mode: "no-cors" }'),
    chain([moved(302, () => "ftp://a/")])),
  row("a redirect to no URL", get, chain([moved(302, () => "http://[")])),
  row("redirect: error", call('{ redirect: "error" }'),
    chain([moved(302, (w) => w.api(1))], [fine])),
  row("redirect: manual", call('{ redirect: "manual" }'),
    chain([moved(302, (w) => w.api(1))], [fine])),
  row("an empty Location", get, chain([moved(302, () => "")], [fine])),
  row("no Location", get, chain([() => answer(302, acao("*"))], [fine])),
  row("a chain of three origins",
    get, chain([moved(302, (w) => w.other(1))], [moved(302, (w) => w.home(2))], [fine])),
  row("a circle", get, chain([moved(302, (w) => w.api(0))])),
  row("no-cors follows redirects", call('{ mode: "no-cors" }'),
    chain([moved(302, (w) => w.other(1))], [() => answer(200)])),
];

const twice = (first, second) => (w) => [first(w), second(w)];
const lasting = (...fields) => one((w) => answer(204, acao(w.page), ...fields));
const CACHE = [
  row("a second PUT within five seconds", twice(put, put), lasting(acam("PUT"))),
  row("Max-Age 0", twice(put, put), lasting(acam("PUT"), acma("0"))),
  row("Max-Age -1", twice(put, put), lasting(acam("PUT"), acma("-1"))),
  row("Max-Age that is no number", twice(put, put), lasting(acam("PUT"), acma("abc"))),
  row("another method that was listed", twice(put, call('{ method: "DELETE" }')),
    lasting(acam("PUT, DELETE"), acma("60"))),
  row("another method that was not listed", twice(put, call('{ method: "DELETE" }')),
    lasting(acam("PUT"), acma("60"))),
  row("headers that were listed and not asked for", twice(put, custom),
    lasting(acam("PUT"), acah("x-a, x-b"), acma("60"))),
  row("credentials after none", twice(put, call(`{ method: "PUT"${include} }`)),
    one((w) => answer(204, acao(w.page), acac, acam("PUT"), acma("60"))),
    { isolated: true }), // --cached stands for a preflight with the same credentials
  row("an entry that is too old", twice(put, put), lasting(acam("PUT"), acma("1")),
    { wait: 1500 }),
];

// An XMLHttpRequest: code of the page, and options of explain for the same.
const xhr = (options) => (world) => {
  const lines = [
    "new Promise((done) => { const request = new XMLHttpRequest();",
    options.listener ? "request.upload.addEventListener('progress', () => {});" : "",
    `request.open(${quoted(options.method)}, ${quoted(world.api())});`,
    ...(options.headers ?? []).map(([name, value]) =>
      `request.setRequestHeader(${quoted(name)}, ${quoted(value)});`),
    `request.withCredentials = ${options.credentials ?? false};`,
    "request.onloadend = () => done(request.status === 0 ? { error: 'xhr' }",
    ": { type: 'cors', status: request.status });",
    `request.send(${options.data === undefined ? "" : quoted(options.data)}); })`,
  ];
  const argv = ["--xhr", "-X", options.method,
    ...(options.listener ? ["--upload-listener"] : []),
    ...(options.headers ?? []).flatMap(([n, v]) => ["-H", `${n}: ${v}`]),
    ...(options.credentials ? ["--credentials", "include"] : []),
    ...(options.data === undefined ? [] : ["--data", options.data]),
    world.api()];
  return { code: lines.join("\n"), argv };
};
const XHR = [
  row("XHR: GET", xhr({ method: "GET" })),
  row("XHR: POST of a string", xhr({ method: "POST", data: "x" })),
  row("XHR: POST with an upload listener", xhr({ method: "POST", data: "x", listener: true })),
  row("XHR: an upload listener and methods that lack POST",
    xhr({ method: "POST", data: "x", listener: true }),
    one((w) => answer(204, acao(w.page), acam("PUT")))),
  row("XHR: a header twice",
    xhr({ method: "GET", headers: [["X-A", "1"], ["X-A", "2"]] })),
  row("XHR: with credentials and *", xhr({ method: "GET", credentials: true }),
    one(null, () => answer(200, acao("*")))),
  row("XHR: no Access-Control-Allow-Origin", xhr({ method: "GET" }), one(null, () => answer(200))),
  row("XHR: GET drops its content", xhr({ method: "GET", data: "x" })),
];

// An element with the attribute crossorigin, which fetches as it is put into the page.
const element = (name, initiator, tag, attribute, actual) => row(name, (w) => ({
  code: `new Promise((done) => { const node = document.createElement(${quoted(tag)});
    node.crossOrigin = "anonymous"; node.rel = "stylesheet"; node.${attribute} = ${quoted(w.api())};
    node.onload = () => done({ type: "cors" }); node.onerror = () => done({ error: "element" });
    document.head.append(node); })`,
  argv: ["--as", initiator, w.api()],
}), one(null, () => actual));

// navigator.sendBeacon, of which a page learns nothing: `requests` come to the server.
const beacon = (name, type, requests, preflight) => row(name, (w) => {
  const body = `new Blob(["{}"], { type: ${quoted(type)} })`;
  return {
    code: `(navigator.sendBeacon(${quoted(w.api())}, ${body}), null)`,
    requests,
    argv: ["--as", "beacon", "--credentials", "include", "--fetch",
      `fetch(${quoted(w.api())}, { method: "POST", body: ${body} })`],
  };
}, one(preflight));

const OTHERS = [
  row("EventSource", (w) => ({
    code: `new Promise((done) => { const source = new EventSource(${quoted(w.api())});
      source.onopen = () => (source.close(), done({ type: 'cors' }));
      source.onerror = () => (source.close(), done({ error: 'source' })); })`,
    argv: ["--as", "event-source", w.api()],
  }), one(null, () => ({ ...answer(200, acao("*"), ["Content-Type", "text/event-stream"]),
    body: "data: x\n\n" }))),
  row("EventSource, refused", (w) => ({
    code: `new Promise((done) => { const source = new EventSource(${quoted(w.api())});
      source.onopen = () => (source.close(), done({ type: 'cors' }));
      source.onerror = () => (source.close(), done({ error: 'source' })); })`,
    argv: ["--as", "event-source", w.api()],
  }), one(null, () => answer(200, ["Content-Type", "text/event-stream"]))),
  element("an image with crossorigin", "image", "img", "src",
    { ...answer(200, acao("*"), ["Content-Type", "image/svg+xml"]),
      body: '<svg xmlns="http://www.w3.org/2000/svg"/>' }),
  element("an image with crossorigin, refused", "image", "img", "src", answer(200)),
  element("a script with crossorigin", "script", "script", "src",
    { ...answer(200, acao("*"), ["Content-Type", "text/javascript"]), body: "0" }),
  element("a script with crossorigin, refused", "script", "script", "src", answer(200)),
  element("a style sheet with crossorigin", "stylesheet", "link", "href",
    { ...answer(200, acao("*"), ["Content-Type", "text/css"]), body: "" }),
  element("a style sheet with crossorigin, refused", "stylesheet", "link", "href", answer(200)),
  beacon("a beacon of JSON", "application/json", 2),
  beacon("a beacon of JSON, refused", "application/json", 1, (w) => answer(204, acao(w.page))),
  row("a page of the same site", get, open, { page: "127.0.0.1" }),
];

export const CASES = [
  ...METHODS, ...FORBIDDEN, ...HEADERS, ...TYPES, ...BODIES, ...CREDENTIALS, ...ACTUAL,
  ...PREFLIGHTS, ...MODES, ...REDIRECTS, ...CACHE, ...XHR, ...OTHERS,
];
