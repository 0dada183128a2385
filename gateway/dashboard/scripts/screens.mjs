// Pictures of every page of a running gateway: wide and narrow, light and dark. `cargo xtask screens` runs it.
import { mkdirSync } from "node:fs";
import { chromium } from "@playwright/test";

const BASE = process.env.TAKT_HTTP ?? "http://127.0.0.1:8520";
const OUT = process.env.TAKT_SCREENS ?? "../../target/screens";
const [USER, PASSWORD] = [process.env.TAKT_USER, process.env.TAKT_PASSWORD];
/** Only pages whose name contains this. */
const ONLY = process.argv[2] ?? "";
/** Only this size and theme, such as `wide-light`. */
const LOOK = process.argv[3] ?? "";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** The gateway and the browser share a machine with the demo. */
const PATIENCE_MS = 90_000;
const SIZES = [
  ["wide", { width: 1440, height: 900 }],
  ["narrow", { width: 390, height: 844 }],
];

async function pages(request) {
  const status = await (await request.get(`${BASE}/api/v1/status`)).json().catch(() => ({}));
  const line = status.lines?.[0]?.id ?? "press-3";
  const check = status.lines?.[0]?.checks?.[0]?.id ?? "stroke";
  const fails = await (
    await request.get(`${BASE}/api/v1/verdicts?line=${line}&check=${check}&verdict=fail&limit=1`)
  )
    .json()
    .catch(() => ({}));
  const fail = fails.verdicts?.[0];
  const id = fail ? `${fail.epoch}-${fail.seq}` : "0-0";
  return [
    ["overview", "/"],
    ["line", `/line/${line}`],
    ["line-fail", `/line/${line}?at="${id}"&verdict=fail`],
    ["line-tags", `/line/${line}?tab=tags`],
    ["line-health", `/line/${line}?tab=health`],
    ["part", `/line/${line}/${check}/${id}`],
    ["configure", "/configure"],
    ["configure-connections", "/configure?tab=connections"],
    ["configure-versions", "/configure?tab=versions"],
    ["configure-line", `/configure/${line}`],
    ["configure-text", `/configure/${line}?tab=text`],
    ["configure-check", `/configure/${line}?tab=checks`],
    ["models", "/models"],
    ["learn", "/models/learn"],
    ["alarms", "/alarms"],
    ["history", "/history"],
    ["system", "/system"],
    ["system-users", "/system?tab=users"],
    ["system-tokens", "/system?tab=tokens"],
    ["system-secrets", "/system?tab=secrets"],
    ["system-egress", "/system?tab=egress"],
    ["system-backup", "/system?tab=backup"],
    ["system-audit", "/system?tab=audit"],
    ["first", "/first"],
    ["mesh", "/mesh"],
  ].filter(([name]) => name.includes(ONLY));
}

async function signIn(page) {
  await page.goto(BASE, { waitUntil: "domcontentloaded" });
  if (!USER) return;
  await page.getByRole("textbox", { name: /user/i }).fill(USER);
  await page.locator('input[type="password"]').fill(PASSWORD ?? "");
  await page.locator('button[type="submit"]').click();
  await page.locator("main#content").waitFor();
}

async function picture(page, name, path, file) {
  await page.goto(BASE + path, { waitUntil: "domcontentloaded" });
  await page.locator("main#content h1").waitFor();
  await page.waitForTimeout(name.startsWith("line") || name === "overview" ? 3_500 : 1_800);
  await page.screenshot({ path: file, fullPage: true });
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  if (over > 0) throw new Error(`it is ${over} px wider than the screen`);
}

mkdirSync(OUT, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.TAKT_CHROMIUM ?? "/usr/bin/chromium",
  args: FLAGS,
});
let nErrors = 0;
const missing = [];
for (const [size, viewport] of SIZES) {
  for (const scheme of ["light", "dark"]) {
    if (!`${size}-${scheme}`.includes(LOOK)) continue;
    const context = await browser.newContext({
      viewport,
      colorScheme: scheme,
      locale: "en-GB",
      hasTouch: size === "narrow",
    });
    const page = await context.newPage();
    const said = [];
    page.on("console", (message) => message.type() === "error" && said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(BASE, { waitUntil: "domcontentloaded" });
    if (USER && "sign-in".includes(ONLY)) {
      await page.locator('input[type="password"]').waitFor();
      await page.screenshot({ path: `${OUT}/sign-in-${size}-${scheme}.png` });
    }
    await signIn(page);
    for (const [name, path] of await pages(context.request)) {
      said.length = 0;
      // On a busy machine one page may come late; that is no reason to go without the others.
      await picture(page, name, path, `${OUT}/${name}-${size}-${scheme}.png`).catch((error) => {
        missing.push(`${name}-${size}-${scheme}`);
        said.push(String(error));
      });
      for (const text of said) console.log(`${name} (${size}, ${scheme}): ${text.slice(0, 240)}`);
      nErrors += said.length;
    }
    await context.close();
  }
}
await browser.close();
console.log(`pictures in ${OUT}; ${nErrors} errors on the console`);
if (missing.length > 0) {
  console.log(`missing: ${missing.join(", ")}`);
  process.exit(1);
}
