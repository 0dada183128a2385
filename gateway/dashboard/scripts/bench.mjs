// What the page costs: 5,000 tags that scroll and move, the first load on a slow panel PC, 50 open pages.
// `cargo xtask bench page` runs it against the built programs; it needs the machine for itself.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";

/** A password that the gateway takes: it holds no name of a user. */
const PASSWORD = "five-thousand-tags-9";
const N_TAGS = 5_000;
const N_PAGES = 50;
/** How often all tags get a new value. */
const BEAT_MS = 500;
const QUICK = process.argv.includes("--quick");
const MEASURE_MS = QUICK ? 8_000 : 30_000;
/** As a panel PC of some years ago against the machine that measures. */
const THROTTLE = 4;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const row = (what, against, target, seen, holds) =>
  console.log(["row", what, against, target, seen, holds ? "yes" : "no"].join("\t"));
const quantile = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];

const freePort = () =>
  new Promise((done) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

async function until(what, isSo) {
  for (const end = Date.now() + 120_000; Date.now() < end; await sleep(250))
    if (await isSo().catch(() => false)) return;
  throw new Error(`${what}: not within two minutes`);
}

/** One gateway: a line of many tags without a check, and a line whose every frame is judged. */
async function world() {
  const folder = mkdtempSync(join(tmpdir(), "takt-bench-page-"));
  const [http, port] = [await freePort(), await freePort()];
  const tags = Array.from(
    { length: N_TAGS },
    (_, i) =>
      `{ id = "tag_${i}", source = { connection = "broker", topic = "wide", value = "/v${i}" }, unit = "mm" },`,
  );
  writeFileSync(
    join(folder, "takt.toml"),
    `name = "bench"
site = "bench"
data_dir = ${JSON.stringify(join(folder, "data"))}
[http]
address = "127.0.0.1:${http}"
[[connections]]
id = "broker"
kind = "mqtt"
url = "mqtt://127.0.0.1:${port}"
[[connections]]
id = "fast"
kind = "mqtt"
url = "mqtt://127.0.0.1:${port}"
[[lines]]
id = "wide"
tags = [
${tags.join("\n")}
]
[[lines]]
id = "fast"
tags = [{ id = "weight", source = { connection = "fast", topic = "fast", value = "/w" } }]
[[lines.checks]]
id = "each"
inputs = ["weight"]
window = { kind = "frame" }
model = "none"
`,
  );
  const children = [
    spawn("/usr/sbin/mosquitto", ["-p", String(port)], { stdio: "ignore" }),
    spawn(join(process.env.TAKT_BIN, "takt"), ["run", "--config", join(folder, "takt.toml")], {
      stdio: "ignore",
    }),
  ];
  const base = `http://127.0.0.1:${http}`;
  await until("the gateway answers", async () => (await fetch(`${base}/healthz`)).ok);
  const token = readFileSync(join(folder, "data/console.token"), "utf8").trim();
  const publish = (topic) => {
    const child = spawn("/usr/bin/mosquitto_pub", ["-p", String(port), "-t", topic, "-q", "1", "-l"]);
    children.push(child);
    return (value) => child.stdin.write(`${JSON.stringify(value)}\n`);
  };
  const [wide, fast] = [publish("wide"), publish("fast")];
  const timers = [
    setInterval(
      () =>
        wide(
          Object.fromEntries(Array.from({ length: N_TAGS }, (_, i) => [`v${i}`, +Math.random().toFixed(3)])),
        ),
      BEAT_MS,
    ),
    setInterval(() => fast({ w: Math.random() }), 20),
  ];
  const end = () => {
    timers.forEach(clearInterval);
    children.forEach((child) => child.kill("SIGTERM"));
    rmSync(folder, { recursive: true, force: true });
  };
  return { base, token, end };
}

const ask = async ({ base, token }, path, body) => {
  const answer = await fetch(base + path, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};

async function signedIn(browser, at) {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await page.goto(at.base);
  await page.getByRole("textbox", { name: "User" }).fill("bench");
  await page.locator('input[type="password"]').fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  return page;
}

/** Frame times while the table of all tags is scrolled and its values move. */
async function frames(browser, at) {
  const page = await signedIn(browser, at);
  await page.goto(`${at.base}/line/wide?tab=tags`);
  const table = page.getByRole("table");
  await table.waitFor({ timeout: 60_000 });
  await table.hover();
  await page.evaluate(() => {
    window.frames_ms = [];
    let last = performance.now();
    const beat = (now) => {
      window.frames_ms.push(now - last);
      last = now;
      requestAnimationFrame(beat);
    };
    requestAnimationFrame(beat);
  });
  for (const end = Date.now() + MEASURE_MS; Date.now() < end; await sleep(40)) await page.mouse.wheel(0, 240);
  const times = await page.evaluate(() => window.frames_ms);
  await page.context().close();
  const [p50, p95] = [quantile(times, 0.5), quantile(times, 0.95)];
  row(
    `${N_TAGS} tags scroll and get a new value every ${BEAT_MS} ms: frame time p95`,
    `p50 ${p50.toFixed(1)} ms, ${times.length} frames`,
    "≤ 50 ms",
    `${p95.toFixed(1)} ms`,
    p95 <= 50,
  );
}

/** What the first load brings over the wire, and when the sign-in takes a key, on a slowed core. */
async function firstLoad(browser, at) {
  const times = [];
  let bytes = 0;
  for (let round = 0; round < (QUICK ? 3 : 7); round += 1) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Emulation.setCPUThrottlingRate", { rate: THROTTLE });
    bytes = 0;
    session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
    const began = Date.now();
    await page.goto(at.base, { waitUntil: "commit" });
    await page.getByRole("textbox", { name: "User" }).press("a");
    times.push(Date.now() - began);
    await context.close();
  }
  const median = quantile(times, 0.5);
  row(
    "first load over the wire",
    "compressed, fonts with it",
    "≤ 350 KB",
    `${(bytes / 1024).toFixed(0)} KB`,
    bytes <= 350 * 1024,
  );
  row(
    `from the address to a key that is taken, core throttled ${THROTTLE}×`,
    `median of ${times.length}`,
    "≤ 1,500 ms",
    `${median} ms`,
    median <= 1_500,
  );
}

/** The verdicts' p99 without and with open pages: each page is its stream, read as a browser reads it. */
async function pages(at) {
  const p99 = async () => {
    const from = new Date().toISOString();
    await sleep(MEASURE_MS);
    const all = [];
    for (let cursor = ""; ;) {
      const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
      const page = await ask(at, `/api/v1/verdicts?line=fast&check=each&from=${from}&limit=500${more}`);
      all.push(...page.verdicts.map((one) => one.latency_us.total));
      if (!page.next) return { n: all.length, us: quantile(all, 0.99) };
      cursor = page.next;
    }
  };
  const tokens = await Promise.all(
    Array.from({ length: N_PAGES }, (_, i) =>
      ask(at, "/api/v1/tokens", { name: `page-${i}`, role: "viewer" }),
    ),
  );
  const stop = new AbortController();
  const open = async () => {
    for (const { token } of tokens) {
      const answer = await fetch(`${at.base}/api/v1/stream?topics=status,verdicts,alarms`, {
        headers: { authorization: `Bearer ${token}` },
        signal: stop.signal,
      });
      if (!answer.ok) throw new Error(`a stream: ${answer.status} ${await answer.text()}`);
      void (async () => {
        for await (const part of answer.body) void part;
      })().catch(() => undefined);
    }
  };
  const before = await p99();
  await open();
  const during = await p99();
  stop.abort();
  await sleep(1_000);
  const after = await p99();
  const without = (before.us + after.us) / 2;
  row(
    `verdict p99 with ${N_PAGES} open pages against none`,
    `none: ${before.us} µs before, ${after.us} µs after, ${before.n} verdicts a round`,
    "≤ 1.10×",
    `${during.us} µs, ${(during.us / without).toFixed(2)}×`,
    during.us <= 1.1 * without,
  );
}

const at = await world();
try {
  await ask(at, "/api/v1/users", { name: "bench", role: "administrator", password: PASSWORD });
  const browser = await chromium.launch({
    executablePath: process.env.TAKT_CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
  });
  await firstLoad(browser, at);
  await frames(browser, at);
  await browser.close();
  await pages(at);
} finally {
  at.end();
}
