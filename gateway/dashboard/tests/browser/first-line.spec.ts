// From an empty gateway to a judged part, as a newcomer does it; then changing, arming and going back.
import { expect, type Page, test } from "@playwright/test";
import {
  ask,
  built,
  choose,
  coil,
  enter,
  folder,
  freePort,
  lastSeq,
  type Program,
  read,
  start,
  tell,
  until,
  write,
} from "./world";

test.describe.configure({ mode: "serial" });

const [USER, PASSWORD] = ["anna", "a-long-enough-sentence"];
const LINE = "press-9";
const CHECK = "quality";
/** Parts to learn from: more than the columns of the baseline, by some margin. */
const PARTS = 45;
const REJECT_COIL = 10;
const place = folder();
let gateway: Program;
let press: Program;
let broker: Program;
let scale: Program;
let weighing: ReturnType<typeof setInterval>;
let base: string;
let token: string;
let ports: { plc: number; press: number; broker: number };

test.beforeAll(async () => {
  test.setTimeout(300_000);
  const http = await freePort();
  ports = { plc: await freePort(), press: await freePort(), broker: await freePort() };
  base = `http://127.0.0.1:${http}`;
  write(
    `${place.path}/takt.toml`,
    `
name = "box-1"
site = "graz"
data_dir = ${JSON.stringify(`${place.path}/data`)}
[http]
address = "127.0.0.1:${http}"
`,
  );
  press = start(built("takt-demo"), [
    "--practice",
    "--plc",
    `127.0.0.1:${ports.plc}`,
    "--broker",
    `127.0.0.1:${ports.press}`,
  ]);
  broker = start("/usr/sbin/mosquitto", ["-p", String(ports.broker)]);
  gateway = start(built("takt"), ["run", "--config", `${place.path}/takt.toml`]);
  await until("the gateway answers", async () => (await fetch(`${base}/healthz`)).ok);
  await until("the PLC answers", async () => !(await coil(ports.plc, REJECT_COIL)));
  token = read(`${place.path}/data/console.token`);
});
test.afterAll(async () => {
  clearInterval(weighing);
  await scale?.stop();
  await gateway.stop("SIGTERM");
  await press.stop();
  await broker.stop();
  place.remove();
});

/** Goes through the review of what waits, and applies it. */
async function apply(page: Page, note: string): Promise<void> {
  await page.getByRole("button", { name: "Review and apply…" }).click();
  const review = page.getByRole("dialog", { name: "What will change" });
  await review.getByLabel("Why").fill(note);
  await review.getByRole("button", { name: "Apply" }).click();
  await expect(review).toBeHidden();
  await expect(page.getByRole("button", { name: "Review and apply…" })).toBeHidden();
}

test("the guided first line leads from sign-in to the first verdict", async ({ page }) => {
  await test.step("sign in", async () => {
    await page.goto(base);
    await page.getByLabel("One-time code").fill(read(`${place.path}/data/setup.code`));
    await page.getByLabel("User").fill(USER);
    await page.getByLabel("Choose a password").fill(PASSWORD);
    await page.getByLabel("The same again").fill(PASSWORD);
    await page.getByRole("button", { name: "Make the administrator" }).click();
    await page.getByRole("link", { name: "Set up the first line" }).click();
  });
  await test.step("connect, and test every step on the way", async () => {
    await page.getByLabel("Name", { exact: true }).fill("practice-press");
    await page.getByLabel("Address and port").fill(`127.0.0.1:${ports.plc}`);
    await page.getByLabel("Own connection for writes").check();
    await page.getByRole("button", { name: "Test now" }).click();
    await expect(page.getByRole("img", { name: "works" }).first()).toBeVisible();
    await expect(page.getByRole("img", { name: "fails" })).toBeHidden();
    await page.getByRole("button", { name: "Take into the draft" }).click();
  });
  await test.step("read registers, see what they mean, take them as tags", async () => {
    await page.getByLabel("What is the line called?").fill(LINE);
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("button", { name: "Add a tag" }).click();
    const form = page.getByRole("dialog", { name: "Add a tag" });
    await form.getByLabel("Name", { exact: true }).fill("ram_force");
    await form.getByLabel("Register").fill("input:4");
    await form.getByRole("button", { name: "Read now" }).click();
    await form
      .getByRole("group", { name: "What the bytes could mean" })
      .getByRole("button", { name: /f32 abcd/i })
      .click();
    await form.getByLabel("Read every").fill("10ms");
    await form.getByLabel("Unit", { exact: true }).fill("kN");
    await form.getByRole("button", { name: "Take into the draft" }).click();
    await expect(page.getByRole("cell", { name: "ram_force", exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Take all of them" }).click();
    await expect(page.getByRole("cell", { name: "part_no", exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Next" }).click();
  });
  await test.step("ask the question, look at the difference, apply", async () => {
    await expect(page.getByRole("combobox", { name: "Trigger tag" })).toHaveValue("part_no");
    await page.getByLabel("Deadline").fill("2s");
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("button", { name: "Review and apply…" }).click();
    const review = page.getByRole("dialog", { name: "What will change" });
    await expect(review.getByText(`Restarts: ${LINE}`)).toBeVisible();
    await review.getByLabel("Why").fill("the first line");
    await review.getByRole("button", { name: "Apply" }).click();
    await expect(page.getByText("The line runs")).toBeVisible();
    await page.getByRole("button", { name: "Next" }).click();
  });
  await test.step("learn from good parts that are chosen on the trend", async () => {
    await until("enough parts were made", async () => (await lastSeq(base, token, LINE, CHECK)) >= PARTS);
    await page.getByRole("button", { name: "1 min", exact: true }).click();
    await drag(page, "ram_force", 0.1, 0.96);
    await expect(page.getByRole("button", { name: "Back to live" })).toBeVisible();
    await page.getByRole("button", { name: "Look at this data" }).click();
    const quality = page.getByRole("region", { name: "Quality of the data" });
    await expect(quality.getByText(/tell as much as/).first()).toBeVisible({ timeout: 60_000 });
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await expect(page.getByRole("region", { name: "Report" })).toBeVisible({ timeout: 60_000 });
    await expect(page.getByRole("img", { name: "Scores" })).toBeVisible();
    await page.getByRole("button", { name: /^Activate press-9-baseline/ }).click();
  });
  await test.step("watch the first verdict by the model", async () => {
    await expect(page.getByText(/^(Pass|Fail)$/).first()).toBeVisible({ timeout: 60_000 });
    await page.getByRole("link", { name: "Watch the line" }).click();
    await expect(page.getByRole("heading", { level: 1, name: LINE })).toBeVisible();
  });
});

/** Drags over a share of a tag's strip. */
async function drag(page: Page, tag: string, from: number, to: number): Promise<void> {
  const strip = page.getByRole("img", { name: `Trend of ${tag}` }).locator(".u-over");
  await strip.scrollIntoViewIfNeeded();
  const box = await strip.boundingBox();
  if (!box) throw new Error(`${tag} has no strip`);
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + from * box.width, y);
  await page.mouse.down();
  await page.mouse.move(box.x + ((from + to) / 2) * box.width, y, { steps: 4 });
  await page.mouse.move(box.x + to * box.width, y, { steps: 4 });
  await page.mouse.up();
}

test("a changed tag shows its difference, and another line judges on while it is applied", async ({
  page,
}) => {
  await tell(base, token, "POST", "/api/v1/documents/apply", {
    documents: [
      { name: "scales", form: scales() },
      { name: "connections", form: await withBroker() },
    ],
    note: "a second line",
    base: { connections: 1 },
  });
  scale = start("/usr/bin/mosquitto_pub", ["-p", String(ports.broker), "-t", "scale-1/state", "-l"]);
  weighing = setInterval(() => scale.type(JSON.stringify({ weight: 10 + Math.random() })), 100);
  await until("the scale is judged", async () => (await lastSeq(base, token, "scale-1", "weight")) > 0);

  await enter(page, base, USER, PASSWORD);
  await page.getByRole("link", { name: "Configure" }).click();
  await page
    .getByRole("main")
    .getByRole("link", { name: new RegExp(`^${LINE}`) })
    .click();
  await page
    .getByRole("row", { name: /oil_temp/ })
    .getByRole("button", { name: "Edit" })
    .click();
  const form = page.getByRole("dialog", { name: "oil_temp" });
  await form.getByLabel("Lowest valid").fill("-40");
  await form.getByLabel("Highest valid").fill("150");
  await form.getByRole("button", { name: "Take into the draft" }).click();
  await page.getByRole("button", { name: "Review and apply…" }).click();
  const review = page.getByRole("dialog", { name: "What will change" });
  await expect(review.getByRole("row", { name: /oil_temp.*range.*-40.*150/ })).toBeVisible();
  await expect(review.getByText(`Restarts: ${LINE}`)).toBeVisible();
  await expect(review.getByText("Runs on untouched: scale-1")).toBeVisible();
  const before = await lastSeq(base, token, "scale-1", "weight");
  const seen = (await ask(base, token, "/api/v1/status")) as Judged;
  await review.getByLabel("Why").fill("oil is never colder");
  await review.getByRole("button", { name: "Apply" }).click();
  await expect(review).toBeHidden();
  await until(
    "the scale is judged on",
    async () => (await lastSeq(base, token, "scale-1", "weight")) > before + 5,
  );
  // Had it begun anew, its books would have too.
  const after = (await ask(base, token, "/api/v1/status")) as Judged;
  expect(received(after)).toBeGreaterThan(received(seen));
  await until("the changed line judges again", async () => {
    const status = (await ask(base, token, "/api/v1/status")) as Judged;
    return status.lines.some((one) => one.id === LINE);
  });
});

type Judged = { lines: { id: string; checks: { id: string; books: { received: number } }[] }[] };
const received = (status: Judged): number =>
  status.lines.find((one) => one.id === "scale-1")?.checks[0]?.books.received ?? 0;

const scales = () => ({
  lines: [
    {
      id: "scale-1",
      tags: [
        {
          id: "weight",
          source: { connection: "broker", topic: "scale-1/state", value: "/weight" },
          unit: "kg",
        },
      ],
      checks: [{ id: "weight", inputs: ["weight"], window: { kind: "frame" }, model: "scale" }],
    },
  ],
});

async function withBroker(): Promise<{ connections: object[] }> {
  const { form } = (await ask(base, token, "/api/v1/documents/connections")) as {
    form: { connections: object[] };
  };
  return {
    connections: [
      ...form.connections,
      { id: "broker", kind: "mqtt", url: `mqtt://127.0.0.1:${ports.broker}` },
    ],
  };
}

test("registers are scanned, and a mapping is tried on the next real message", async ({ page }) => {
  await enter(page, base, USER, PASSWORD);
  await page.goto(`${base}/configure/${LINE}`);
  const scan = page.getByRole("region", { name: "Register scan" });
  await scan.getByLabel("Registers").fill("input:0..12");
  await scan.getByRole("button", { name: "Scan" }).click();
  // The press has ten; the two beyond are refused.
  await expect(scan.getByText("10 registers of unit 1 can be read.")).toBeVisible();
  await expect(scan.getByRole("row", { name: /^input:0 1 17 / })).toBeVisible();
  await expect(scan.getByText(/refused with exception 2/).first()).toBeVisible();

  await page.goto(`${base}/configure/scale-1`);
  await page
    .getByRole("row", { name: /weight/ })
    .getByRole("button", { name: "Edit" })
    .click();
  const form = page.getByRole("dialog", { name: "weight" });
  await form.getByRole("button", { name: "Try on the next message" }).click();
  const result = form.getByRole("group", { name: "What this mapping makes of the message" });
  await expect(result).toContainText("scale-1/state");
  await expect(result).toContainText(/10\.\d+ kg/);
  await form.getByLabel("Value in the message").fill("/height");
  await form.getByRole("button", { name: "Try on the next message" }).click();
  await expect(result).not.toContainText(/10\.\d+ kg/);
});

test("a change that somebody else overtook is explained, and can be put upon theirs", async ({ page }) => {
  await enter(page, base, USER, PASSWORD);
  await page.goto(`${base}/configure/${LINE}`);
  await page
    .getByRole("row", { name: /ram_position/ })
    .getByRole("button", { name: "Edit" })
    .click();
  const form = page.getByRole("dialog", { name: "ram_position" });
  await form.getByLabel("Lowest valid").fill("-10");
  await form.getByLabel("Highest valid").fill("200");
  await form.getByRole("button", { name: "Take into the draft" }).click();

  const document = (await ask(base, token, `/api/v1/documents/line-${LINE}`)) as {
    version: number;
    form: { lines: { tags: { id: string; unit?: string }[] }[] };
  };
  const theirs = structuredClone(document.form);
  const force = theirs.lines[0]?.tags.find((tag) => tag.id === "ram_force");
  if (force) force.unit = "N";
  await tell(base, token, "POST", "/api/v1/documents/apply", {
    documents: [{ name: `line-${LINE}`, form: theirs }],
    note: "newtons",
    base: { [`line-${LINE}`]: document.version },
  });

  await page.getByRole("button", { name: "Review and apply…" }).click();
  const review = page.getByRole("dialog", { name: "What will change" });
  const apply = review.getByRole("button", { name: "Apply" });
  // Whichever is sooner: the page sees that it moved, or the gateway refuses.
  const alert = review.getByRole("alert");
  await expect(async () => {
    if (await apply.isEnabled()) await apply.click();
    await expect(alert).toContainText(`moved on to version ${document.version + 1}, applied by console`);
  }).toPass();
  await expect(alert).toContainText("newtons");
  await expect(apply).toBeDisabled();
  await review.getByRole("button", { name: "Put my change upon theirs" }).click();
  // It says what of theirs would be undone.
  await expect(review.getByRole("row", { name: /ram_force.*unit.*N.*kN/ })).toBeVisible();
  await expect(review.getByRole("row", { name: /ram_position.*range/ })).toBeVisible();
  await review.getByRole("button", { name: "Apply" }).click();
  await expect(review).toBeHidden();
  const now = (await ask(base, token, `/api/v1/documents/line-${LINE}`)) as { version: number };
  expect(now.version).toBe(document.version + 2);
});

test("an output is armed in two steps, and the PLC's coil moves only then", async ({ page }) => {
  await enter(page, base, USER, PASSWORD);
  await page.goto(`${base}/configure/${LINE}?tab=checks`);
  await page.getByRole("button", { name: "Add an output" }).click();
  // So that every good part moves the coil.
  await choose(page, "At pass", "on");
  await apply(page, "tell the PLC");
  const badge = page.getByText("dry run", { exact: true });
  await expect(badge).toBeVisible();

  const dry = await lastSeq(base, token, LINE, CHECK);
  await until("verdicts came while it was a dry run", async () => {
    return (await lastSeq(base, token, LINE, CHECK)) > dry + 3;
  });
  expect(await coil(ports.plc, REJECT_COIL)).toBe(false);

  await page.goto(`${base}/line/${LINE}`);
  await page.getByRole("button", { name: "Arm…" }).click();
  const dialog = page.getByRole("dialog", { name: "Arm reject" });
  await expect(dialog.getByText("coil:10", { exact: true })).toBeVisible();
  await expect(dialog.getByText(`127.0.0.1:${ports.plc}`)).toBeVisible();
  const act = dialog.getByRole("button", { name: "Arm the output" });
  await expect(act).toBeDisabled();
  await dialog.getByLabel("Type reject to confirm").fill("rejec");
  await expect(act).toBeDisabled();
  // The first step alone writes nothing.
  expect(await coil(ports.plc, REJECT_COIL)).toBe(false);
  await dialog.getByLabel("Type reject to confirm").fill("reject");
  await act.click();
  await expect(page.getByText("armed", { exact: true })).toBeVisible();
  await until("the coil was written", async () => coil(ports.plc, REJECT_COIL));

  await page.getByRole("button", { name: "To dry run" }).click();
  await expect(page.getByText("dry run", { exact: true })).toBeVisible();
  const status = (await ask(base, token, "/api/v1/status")) as {
    lines: { id: string; checks: { outputs: { armed: boolean }[] }[] }[];
  };
  expect(status.lines.find((one) => one.id === LINE)?.checks[0]?.outputs[0]?.armed).toBe(false);
});

test("an earlier version is looked at, and runs again", async ({ page }) => {
  await enter(page, base, USER, PASSWORD);
  await page.goto(`${base}/configure?tab=versions`);
  await choose(page, "Document", `line-${LINE}`);
  const newest = page.getByRole("listitem").filter({ hasText: "runs now" });
  await expect(newest).toContainText("tell the PLC");
  const old = page.getByRole("listitem").filter({ hasText: "oil is never colder" });
  await old.getByRole("button", { name: "Show" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("oil_temp").first()).toBeVisible();
  await dialog.getByLabel("Why").fill("without the output");
  await dialog.getByRole("button", { name: /^Return to version \d+$/ }).click();
  await expect(dialog).toBeHidden();
  await expect(newest).toContainText("without the output");
  const { form } = (await ask(base, token, `/api/v1/documents/line-${LINE}`)) as {
    form: { lines: { checks: { outputs?: object[] }[] }[] };
  };
  expect(form.lines[0]?.checks[0]?.outputs ?? []).toEqual([]);
  const seq = await lastSeq(base, token, LINE, CHECK);
  await until("it judges by the old version", async () => (await lastSeq(base, token, LINE, CHECK)) > seq);
});
