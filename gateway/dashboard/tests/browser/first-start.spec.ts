// A box that starts for the first time, and a broker that goes away and comes back.
import { expect, test } from "@playwright/test";
import { built, folder, freePort, type Program, read, start, until, write } from "./world";

const place = folder();
let gateway: Program;
let broker: Program;
let base: string;
let brokerPort: number;

const startBroker = () => start("/usr/sbin/mosquitto", ["-p", String(brokerPort)]);

test.beforeAll(async () => {
  brokerPort = await freePort();
  const http = await freePort();
  base = `http://127.0.0.1:${http}`;
  write(
    `${place.path}/takt.toml`,
    `
name = "box-1"
site = "graz"
data_dir = ${JSON.stringify(`${place.path}/data`)}
[http]
address = "127.0.0.1:${http}"
[[connections]]
id = "broker"
kind = "mqtt"
url = "mqtt://127.0.0.1:${brokerPort}"
[[lines]]
id = "press-3"
[[lines.tags]]
id = "force"
source = { connection = "broker", topic = "press-3/state", value = "/force" }
unit = "kN"
[[lines.checks]]
id = "stroke"
inputs = ["force"]
window = { kind = "frame" }
model = "press"
`,
  );
  broker = startBroker();
  gateway = start(built("takt"), ["run", "--config", `${place.path}/takt.toml`]);
  await until("the gateway answers", async () => (await fetch(`${base}/healthz`)).ok);
});
test.afterAll(async () => {
  await gateway.stop("SIGTERM");
  await broker.stop();
  place.remove();
});

test("the first start asks for the code, makes the administrator, and shows the line", async ({ page }) => {
  await page.goto(base);
  await expect(page.getByRole("heading", { name: "Welcome" })).toBeVisible();
  await page.getByLabel("One-time code").fill("not-the-code");
  await page.getByLabel("User").fill("anna");
  await page.getByLabel("Choose a password").fill("a-long-enough-sentence");
  await page.getByLabel("The same again").fill("a-long-enough-sentence");
  await page.getByRole("button", { name: "Make the administrator" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByLabel("One-time code").fill(read(`${place.path}/data/setup.code`));
  await page.getByRole("button", { name: "Make the administrator" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(page.getByText("anna")).toBeVisible();
});

test("a broker that is away turns the line red with the reason, and its return is seen", async ({ page }) => {
  await page.goto(base);
  await page.getByRole("textbox", { name: "User" }).fill("anna");
  await page.getByLabel("Password", { exact: true }).fill("a-long-enough-sentence");
  await page.getByRole("button", { name: "Sign in" }).click();
  const fault = page.getByRole("list", { name: "What is wrong" }).getByText("connection broker");
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(fault).toBeHidden();
  await broker.stop();
  await expect(fault).toBeVisible();
  await expect(page.getByText("Not judging").first()).toBeVisible();
  await page.getByRole("link", { name: "Alarms" }).click();
  const alarm = page.getByRole("listitem").filter({ hasText: "connection broker" });
  await expect(alarm).toContainText(/active ·/);
  broker = startBroker();
  await expect(alarm).toContainText("gone, not acknowledged");
  await alarm.getByRole("button", { name: "Acknowledge" }).click();
  await expect(alarm).toBeHidden();
  await page.getByRole("link", { name: "Overview" }).first().click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(fault).toBeHidden();
});

test("when the gateway is away the page says how old its values are", async ({ page }) => {
  await page.goto(base);
  await page.getByRole("textbox", { name: "User" }).fill("anna");
  await page.getByLabel("Password", { exact: true }).fill("a-long-enough-sentence");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText(/^Live/).first()).toBeVisible();
  await gateway.stop("SIGTERM");
  await expect(
    page.getByText(/^Values from \d\d:\d\d:\d\d\. The connection to the gateway is lost/),
  ).toBeVisible();
  gateway = start(built("takt"), ["run", "--config", `${place.path}/takt.toml`]);
  await expect(page.getByText(/^Values from/)).toBeHidden({ timeout: 60_000 });
});
