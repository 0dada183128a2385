// The press line of the demo, as its users meet it: from signing in to why a part failed.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { ask, built, enter, folder, freePort, type Program, read, signIn, start, until } from "./world";

/** As the demo makes it, and prints it. */
const [USER, PASSWORD] = ["demo", "press-line-7"];
const place = folder();
let demo: Program;
let base: string;
let token: string;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  base = `http://127.0.0.1:${await freePort()}`;
  demo = start(built("takt-demo"), [
    "--data",
    place.path,
    "--http",
    base.slice("http://".length),
    "--learn",
    "40",
  ]);
  await until("the gateway answers", async () => (await fetch(`${base}/healthz`)).ok);
  token = read(`${place.path}/gateway/console.token`);
  await until("a part with a fault was found", async () => {
    const page = (await ask(base, token, "/api/v1/verdicts?verdict=fail&limit=1")) as { verdicts: unknown[] };
    return page.verdicts.length > 0;
  });
});
test.afterAll(async () => {
  await demo.stop();
  place.remove();
});

test("a wrong password says what to do, and the right one opens the overview", async ({ page }) => {
  await signIn(page, base, USER, "not-the-password");
  await expect(page.getByRole("alert")).toBeVisible();
  await enter(page, base, USER, PASSWORD);
  await expect(page.getByRole("link", { name: "press-3" }).first()).toBeVisible();
});

test("the overview is live: its beat goes on", async ({ page }) => {
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

test("in two clicks from the overview to why a part failed", async ({ page }) => {
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

test("the table finds the fails, and a past span can be looked at", async ({ page }) => {
  await enter(page, base, USER, PASSWORD);
  await page.goto(`${base}/line/press-3?verdict=fail`);
  const rows = page.getByRole("row").filter({ has: page.getByRole("link", { name: /Open part/ }) });
  await expect(rows.first()).toContainText("Fail");
  await page.getByRole("button", { name: "15 min" }).click();
  await expect(page).toHaveURL(/back=900000/);
  await page.getByRole("button", { name: "Earlier" }).click();
  await expect(page.getByRole("button", { name: "Back to live" })).toBeVisible();
});

test("an ended session asks to sign in again, and shows nothing more", async ({ page, context }) => {
  await enter(page, base, USER, PASSWORD);
  await context.clearCookies();
  await page.getByRole("link", { name: "History & export" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeHidden();
});

test("who may only look sees no way to act, and the gateway refuses it too", async ({ page, request }) => {
  const made = await request.post(`${base}/api/v1/users`, {
    headers: { authorization: `Bearer ${token}` },
    data: { name: "vera", role: "viewer", password: "only-looking-9" },
  });
  expect(made.ok()).toBe(true);
  await enter(page, base, "vera", "only-looking-9");
  await page.goto(`${base}/line/press-3`);
  await expect(page.getByRole("heading", { name: "Write-back" })).toBeVisible();
  await expect(page.getByRole("button", { name: /^(Arm|To dry run)/ })).toBeHidden();
  await page.goto(`${base}/system`);
  await expect(page.getByRole("tab", { name: "Health" })).toBeVisible();
  await expect(page.getByRole("tab", { name: "Users" })).toBeHidden();
  const status = await page.evaluate(async () => (await fetch("/api/v1/users")).status);
  expect(status).toBe(403);
});

test("speaks German when asked, and remembers it", async ({ page }) => {
  await enter(page, base, USER, PASSWORD);
  await page.getByRole("button", { name: "Language" }).click();
  await page.getByRole("menuitem", { name: "Deutsch" }).click();
  await expect(page.getByRole("heading", { name: "Übersicht" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Übersicht" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
});

for (const scheme of ["light", "dark"] as const) {
  test(`no serious finding of axe (${scheme})`, async ({ page }) => {
    test.slow();
    await page.emulateMedia({ colorScheme: scheme });
    await enter(page, base, USER, PASSWORD);
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
    for (const path of ["/", "/line/press-3", "/line/press-3?tab=tags", "/models", "/history", "/system"]) {
      await page.goto(base + path);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter((one) => one.impact === "serious" || one.impact === "critical");
      expect
        .soft(
          serious.map(
            (one) => `${path} ${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`,
          ),
        )
        .toEqual([]);
    }
  });
}
