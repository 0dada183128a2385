// The press line of the demo, as its users meet it: from signing in to why a part failed.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import { LINE, PASSWORD, test, USER } from "./demo-world";
import { ask, enter, signIn } from "./world";

test("a wrong password says what to do, and the right one opens the overview", async ({
  page,
  demo: { base },
}) => {
  await signIn(page, base, USER, "not-the-password");
  await expect(page.getByRole("alert")).toBeVisible();
  await enter(page, base, USER, PASSWORD);
  await expect(page.getByRole("link", { name: LINE }).first()).toBeVisible();
});

test("the overview is live: its beat goes on", async ({ page, demo: { base } }) => {
  await enter(page, base, USER, PASSWORD);
  const beats = page.getByRole("img", { name: /^The last \d+ verdicts/ });
  await expect(beats).toBeVisible();
  const total = () =>
    page
      .getByText(/^of [\d,]+ since the start$/)
      .first()
      .textContent();
  const before = await total();
  await expect.poll(total).not.toBe(before);
});

test("in two clicks from the overview to why a part failed", async ({ page, demo: { base } }) => {
  await enter(page, base, USER, PASSWORD);
  await page
    .getByRole("link", { name: /^Fail Part \d+/ })
    .first()
    .click();
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toHaveText(/^Part \d+ failed$/);
  await expect(page.getByText(/is [\d.,]+ times its limit/)).toBeVisible();
  await expect(page.getByText(/(ram_force|vib_rms|vib_peak) makes \d+\s% of it/)).toBeVisible();
  await expect(page.getByRole("img", { name: /^Samples of ram_force/ })).toBeVisible();
  // The address is a link that can be sent.
  const part = await heading.textContent();
  await page.goto(page.url());
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(part ?? "");
});

test("the table finds the fails, and a past span can be looked at", async ({ page, demo: { base } }) => {
  await enter(page, base, USER, PASSWORD);
  await page.goto(`${base}/line/${LINE}?verdict=fail`);
  const rows = page.getByRole("row").filter({ has: page.getByRole("link", { name: /Open part/ }) });
  await expect(rows.first()).toContainText("Fail");
  await page.getByRole("button", { name: "15 min" }).click();
  await expect(page).toHaveURL(/back=900000/);
  await page.getByRole("button", { name: "Earlier" }).click();
  await expect(page.getByRole("button", { name: "Back to live" })).toBeVisible();
});

test("an ended session asks to sign in again, and shows nothing more", async ({
  page,
  context,
  demo: { base },
}) => {
  await enter(page, base, USER, PASSWORD);
  await context.clearCookies();
  await page.getByRole("link", { name: "History & export" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeHidden();
});

test("speaks German when asked, and remembers it", async ({ page, demo: { base } }) => {
  await enter(page, base, USER, PASSWORD);
  await page.getByRole("button", { name: "Language" }).click();
  await page.getByRole("menuitem", { name: "Deutsch" }).click();
  await expect(page.getByRole("heading", { name: "Übersicht" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Übersicht" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
});

/** Every page, as a signed-in administrator finds it. */
const PAGES = [
  "/",
  `/line/${LINE}`,
  `/line/${LINE}?tab=tags`,
  `/line/${LINE}?tab=health`,
  "/configure",
  "/configure?tab=connections",
  "/configure?tab=versions",
  `/configure/${LINE}`,
  `/configure/${LINE}?tab=checks`,
  `/configure/${LINE}?tab=text`,
  "/first?step=0",
  "/models",
  "/models/learn",
  "/alarms",
  "/history",
  "/system",
  "/system?tab=users",
  "/system?tab=tokens",
  "/system?tab=secrets",
  "/system?tab=audit",
  "/system?tab=egress",
  "/system?tab=backup",
  "/mesh",
];

for (const scheme of ["light", "dark"] as const) {
  test(`no serious finding of axe on any page (${scheme})`, async ({ page, demo: { base, token } }) => {
    test.setTimeout(600_000);
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(base);
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    const found = await serious(page, "sign-in");
    await enter(page, base, USER, PASSWORD);
    const fails = (await ask(base, token, "/api/v1/verdicts?verdict=fail&limit=1")) as {
      verdicts: { check: string; epoch: number; seq: number }[];
    };
    const parts = fails.verdicts.map((one) => `/line/${LINE}/${one.check}/${one.epoch}-${one.seq}`);
    expect(parts).toHaveLength(1);
    for (const path of [...PAGES, ...parts]) {
      await page.goto(base + path);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      found.push(...(await serious(page, path)));
    }
    expect(found).toEqual([]);
  });
}

async function serious(page: Page, path: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter((one) => one.impact === "serious" || one.impact === "critical")
    .map((one) => `${path} ${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}
