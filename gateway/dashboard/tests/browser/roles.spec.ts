// Each role on each page: what it may not do is not offered, and the gateway refuses it as well.
import { expect, type Locator, type Page } from "@playwright/test";
import { type Demo, LINE, test } from "./demo-world";
import { ask, enter, freePort, tell, until } from "./world";

const ROLES = ["viewer", "operator", "engineer", "administrator"] as const;
type Role = (typeof ROLES)[number];
const PASSWORD = "one-of-four-roles-9";
const may = (role: Role, least: Role) => ROLES.indexOf(role) >= ROLES.indexOf(least);

/** A line whose PLC is not there: it can be edited, and it raises alarms. */
const SPARE = "spare";

test.beforeAll(async ({ demo: { base, token } }) => {
  for (const role of ROLES)
    await tell(base, token, "POST", "/api/v1/users", { name: `a-${role}`, role, password: PASSWORD });
  await tell(base, token, "POST", "/api/v1/documents/apply", {
    documents: [
      {
        name: "connections",
        form: {
          connections: [
            { id: "nobody", kind: "modbus-tcp", address: `127.0.0.1:${await freePort()}`, unit: 1 },
          ],
        },
      },
      {
        name: `line-${SPARE}`,
        form: {
          lines: [
            {
              id: SPARE,
              tags: [{ id: "level", source: { connection: "nobody", register: "holding:1" }, unit: "mm" }],
              checks: [{ id: "height", inputs: ["level"], window: { kind: "frame" }, model: "height" }],
            },
          ],
        },
      },
    ],
    base: {},
    note: "for the test of roles",
  });
  await until("an alarm stands", async () => {
    const { alarms } = (await ask(base, token, "/api/v1/alarms")) as { alarms: { state: string }[] };
    return alarms.some((one) => one.state === "active");
  });
});

type Control = { least: Role; what: (page: Page) => Locator };
const button =
  (name: string | RegExp) =>
  (page: Page): Locator =>
    page.getByRole("button", { name, ...(typeof name === "string" ? { exact: true } : {}) }).first();
const link = (name: string) => (page: Page) => page.getByRole("link", { name, exact: true }).first();
const tab = (name: string) => (page: Page) => page.getByRole("tab", { name, exact: true });

/** Every control that changes something, by page. `shows` is there for every role. */
const pages = (part: string): { path: string; shows: (page: Page) => Locator; controls: Control[] }[] => {
  const heading = (name: string | RegExp) => (page: Page) => page.getByRole("heading", { name }).first();
  return [
    {
      path: `/line/${LINE}`,
      shows: heading("Write-back"),
      controls: [{ least: "operator", what: button("To dry run") }],
    },
    {
      path: part,
      shows: heading("Was the verdict right?"),
      controls: [{ least: "operator", what: (page) => page.getByPlaceholder("What was on the part") }],
    },
    {
      path: "/configure",
      shows: heading(LINE),
      controls: [
        { least: "engineer", what: link("Guided first line") },
        { least: "engineer", what: button("New line") },
      ],
    },
    {
      path: "/configure?tab=connections",
      shows: heading("Connections"),
      controls: [
        { least: "engineer", what: button("Add a connection") },
        { least: "engineer", what: button("Remove nobody") },
      ],
    },
    {
      path: `/configure/${SPARE}`,
      shows: heading("Tags"),
      controls: [
        { least: "engineer", what: button("Add a tag") },
        { least: "engineer", what: button("Remove level") },
        { least: "engineer", what: button("From CSV…") },
        { least: "engineer", what: button("Remove") },
      ],
    },
    {
      path: `/configure/${SPARE}?tab=checks`,
      shows: heading("height"),
      controls: [
        { least: "engineer", what: button("Add a check") },
        { least: "engineer", what: button("Add an output") },
        { least: "engineer", what: (page) => page.getByRole("textbox", { name: "Deadline" }) },
      ],
    },
    {
      path: "/models",
      shows: heading("Installed"),
      controls: [
        { least: "engineer", what: button("Upload a package") },
        { least: "engineer", what: link("Learn a baseline") },
        { least: "engineer", what: button(/^Actions for press-a/) },
      ],
    },
    {
      path: "/models/learn",
      shows: heading("Learn a baseline"),
      controls: [{ least: "engineer", what: button("Look at this data") }],
    },
    {
      path: "/first?step=0",
      shows: heading("Your first line"),
      controls: [{ least: "engineer", what: (page) => page.getByLabel("Name", { exact: true }) }],
    },
    {
      path: "/alarms",
      shows: (page) => page.getByText(/active ·/).first(),
      controls: [
        { least: "operator", what: button("Acknowledge") },
        { least: "operator", what: button(/^More for/) },
      ],
    },
    {
      path: "/system",
      shows: heading("This box"),
      controls: [
        { least: "engineer", what: tab("Audit log") },
        { least: "administrator", what: tab("Users") },
        { least: "administrator", what: tab("Tokens") },
        { least: "administrator", what: tab("Secrets") },
        { least: "administrator", what: tab("Backup") },
      ],
    },
    // The address typed by hand shows no more than the tab would.
    {
      path: "/system?tab=users",
      shows: heading("System"),
      controls: [{ least: "administrator", what: button("Add a user") }],
    },
    {
      path: "/system?tab=tokens",
      shows: heading("System"),
      controls: [{ least: "administrator", what: button("Make a token") }],
    },
    {
      path: "/system?tab=secrets",
      shows: heading("System"),
      controls: [{ least: "administrator", what: button("Put a secret") }],
    },
  ];
};

/** What those controls send, with bodies that change nothing: whoever may is told what is wrong with them. */
const REQUESTS: [Role, string, string][] = [
  ["operator", "DELETE", `/api/v1/outputs/${LINE}/stroke/no-such-output/arming`],
  ["operator", "PUT", `/api/v1/verdicts/${LINE}/stroke/1/999999999/feedback`],
  ["operator", "POST", "/api/v1/alarms/no-such-alarm/acknowledge"],
  ["operator", "POST", "/api/v1/alarms/no-such-alarm/shelve"],
  ["engineer", "PUT", "/api/v1/alarms/no-such-alarm/out-of-service"],
  ["engineer", "POST", `/api/v1/outputs/${LINE}/stroke/no-such-output/arming`],
  ["engineer", "PUT", `/api/v1/outputs/${LINE}/stroke/no-such-output/arming`],
  ["engineer", "POST", "/api/v1/documents/check"],
  ["engineer", "POST", "/api/v1/documents/apply"],
  ["engineer", "POST", "/api/v1/documents/no-such-document/rollback"],
  ["engineer", "POST", "/api/v1/field/test"],
  ["engineer", "POST", "/api/v1/field/read"],
  ["engineer", "POST", "/api/v1/field/scan"],
  ["engineer", "POST", "/api/v1/field/topics"],
  ["engineer", "POST", "/api/v1/field/mapping"],
  ["engineer", "POST", "/api/v1/lines/no-such-line/tags.csv"],
  ["engineer", "POST", "/api/v1/models"],
  ["engineer", "POST", "/api/v1/models/no-such-model/activate"],
  ["engineer", "POST", "/api/v1/models/no-such-model/rollback"],
  ["engineer", "POST", "/api/v1/learn"],
  ["administrator", "POST", "/api/v1/users"],
  ["administrator", "PATCH", "/api/v1/users/nobody"],
  ["administrator", "DELETE", "/api/v1/users/nobody"],
  ["administrator", "POST", "/api/v1/tokens"],
  ["administrator", "DELETE", "/api/v1/tokens/no-such-token"],
  ["administrator", "PUT", "/api/v1/secrets/no such name"],
];

for (const role of ROLES) {
  test(`a ${role} is offered what a ${role} may do, and nothing more`, async ({ page, demo }) => {
    await enter(page, demo.base, `a-${role}`, PASSWORD);
    const wrong: string[] = [];
    for (const { path, shows, controls } of pages(await failedPart(demo))) {
      await page.goto(demo.base + path);
      await expect(shows(page)).toBeVisible();
      await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      for (const { least, what } of controls) {
        const control = what(page);
        if (may(role, least)) await expect(control, `${path} for a ${role}`).toBeEnabled();
        else if ((await control.isVisible()) && (await control.isEnabled()))
          wrong.push(`${path}: ${String(control)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test(`the gateway refuses what a ${role} may not do`, async ({ page, demo }) => {
    await enter(page, demo.base, `a-${role}`, PASSWORD);
    const answers = await page.evaluate(async (requests) => {
      const { csrf } = (await (await fetch("/api/v1/session")).json()) as { csrf: string };
      const headers = { "x-takt-csrf": csrf, "content-type": "application/json" };
      const all: [string, number][] = [];
      for (const [, method, path] of requests)
        all.push([`${method} ${path}`, (await fetch(path, { method, headers, body: "{}" })).status]);
      return all;
    }, REQUESTS);
    const wrong = answers.filter(([, status], i) => {
      const least = REQUESTS[i]?.[0] ?? "administrator";
      return may(role, least) ? status === 401 || status === 403 || status >= 500 : status !== 403;
    });
    expect(wrong).toEqual([]);
  });
}

async function failedPart({ base, token }: Demo): Promise<string> {
  const { verdicts } = (await ask(base, token, `/api/v1/verdicts?line=${LINE}&verdict=fail&limit=1`)) as {
    verdicts: { check: string; epoch: number; seq: number }[];
  };
  const one = verdicts[0];
  if (!one) throw new Error("no part failed yet");
  return `/line/${LINE}/${one.check}/${one.epoch}-${one.seq}`;
}

test("a session that ends while a form is open is said, and the form is there again", async ({
  page,
  demo,
}) => {
  const { base, token } = demo;
  await enter(page, base, "a-engineer", PASSWORD);
  await page.goto(`${base}/configure/${SPARE}`);
  await page.getByRole("button", { name: "Add a tag" }).click();
  const form = page.getByRole("dialog", { name: "Add a tag" });
  await form.getByLabel("Name", { exact: true }).fill("half-typed");
  await form.getByLabel("Register").fill("holding:77");
  // Locking somebody out ends the sessions at the gateway itself.
  await tell(base, token, "PATCH", "/api/v1/users/a-engineer", { disabled: true });
  await tell(base, token, "PATCH", "/api/v1/users/a-engineer", { disabled: false });
  await form.getByRole("button", { name: "Read now" }).click();
  await expect(page.getByRole("status")).toContainText("Your session has ended");
  await expect(form).toBeHidden();
  await expect(page.getByRole("textbox", { name: "User" })).toHaveValue("a-engineer");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(form.getByLabel("Name", { exact: true })).toHaveValue("half-typed");
  await expect(form.getByLabel("Register")).toHaveValue("holding:77");
  await form.getByRole("button", { name: "Take into the draft" }).click();
  await expect(page.getByRole("cell", { name: "half-typed", exact: true })).toBeVisible();
});

test("whoever signs in after somebody else finds nothing of theirs", async ({ page, demo }) => {
  const { base, token } = demo;
  await enter(page, base, "a-engineer", PASSWORD);
  await page.goto(`${base}/configure/${SPARE}`);
  await page.getByRole("button", { name: "Remove level" }).click();
  await expect(page.getByRole("button", { name: "Review and apply…" })).toBeVisible();
  await tell(base, token, "PATCH", "/api/v1/users/a-engineer", { disabled: true });
  await tell(base, token, "PATCH", "/api/v1/users/a-engineer", { disabled: false });
  await page.getByRole("link", { name: "History & export" }).click();
  await page.getByRole("textbox", { name: "User" }).fill("a-administrator");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Configure" }).click();
  await expect(page.getByRole("heading", { name: "Configure" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Review and apply…" })).toBeHidden();
});
