// What stands around the page: the programs that were built, started as processes and ended in order.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page } from "@playwright/test";

/** A debug build on a busy machine may take this long to begin. */
const READY_MS = 120_000;

export class Program {
  constructor(private readonly child: ChildProcess) {}

  /** Ends it as an operator would, and waits. */
  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = new Promise((done) => this.child.once("exit", done));
    this.child.kill(signal);
    await gone;
  }
}

/** A program of this build. */
export const built = (name: string): string => {
  const folder = process.env["TAKT_BIN"];
  if (!folder) throw new Error("TAKT_BIN is not set; `cargo xtask test` sets it");
  return join(folder, name);
};

export const start = (program: string, args: string[]): Program =>
  new Program(spawn(program, args, { stdio: "ignore" }));

export async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? done(address.port) : failed(new Error("no port")),
      );
    });
  });
}

/** A folder of its own, gone afterwards. */
export function folder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "takt-browser-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export const write = (path: string, text: string): void => writeFileSync(path, text);
export const read = (path: string): string => readFileSync(path, "utf8").trim();

/** Waits until something is so. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await expect
    .poll(async () => isSo().catch(() => false), { message: what, timeout: READY_MS, intervals: [250] })
    .toBe(true);
}

/** Asks a gateway with the token that its own console uses. */
export async function ask(base: string, token: string, path: string): Promise<unknown> {
  const answer = await fetch(base + path, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export async function signIn(page: Page, base: string, user: string, password: string): Promise<void> {
  await page.goto(base);
  await page.getByRole("textbox", { name: "User" }).fill(user);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Signs in and waits until the page is there. */
export async function enter(page: Page, base: string, user: string, password: string): Promise<void> {
  await signIn(page, base, user, password);
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
}
