// What stands around the page: the programs that were built, started as processes and ended in order.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page } from "@playwright/test";

/** A debug build on a busy machine may take this long to begin. */
const READY_MS = 120_000;

export class Program {
  constructor(private readonly child: ChildProcess) {}

  /** Types a line into it. */
  type(text: string): void {
    this.child.stdin?.write(`${text}\n`);
  }

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
  new Program(spawn(program, args, { stdio: ["pipe", "ignore", "ignore"] }));

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

/** Reads one coil of a PLC by Modbus TCP, as anybody beside the gateway would. */
export async function coil(port: number, address: number): Promise<boolean> {
  return new Promise((done, failed) => {
    const socket = connect(port, "127.0.0.1", () => {
      const request = Buffer.from([0, 1, 0, 0, 0, 6, 1, 1, address >> 8, address & 0xff, 0, 1]);
      socket.write(request);
    });
    socket.setTimeout(10_000, () => socket.destroy(new Error("the PLC does not answer")));
    socket.once("error", failed);
    socket.once("data", (answer) => {
      socket.destroy();
      // MBAP header of seven bytes, function, count, then the bits.
      if (answer[7] !== 1) failed(new Error(`the PLC refuses: ${answer.toString("hex")}`));
      else done(((answer[9] ?? 0) & 1) === 1);
    });
  });
}

/** Waits until something is so. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await expect
    .poll(async () => isSo().catch(() => false), { message: what, timeout: READY_MS, intervals: [250] })
    .toBe(true);
}

/** Asks a gateway with the token that its own console uses. */
export async function ask(base: string, token: string, path: string): Promise<unknown> {
  return tell(base, token, "GET", path);
}

/** The same with any method and a body. */
export async function tell(
  base: string,
  token: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const answer = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** The number of the newest verdict of a check; 0 before the first. */
export async function lastSeq(base: string, token: string, line: string, check: string): Promise<number> {
  const page = (await ask(base, token, `/api/v1/verdicts?line=${line}&check=${check}&limit=1`)) as {
    verdicts: { seq: number }[];
  };
  return page.verdicts[0]?.seq ?? 0;
}

/** Chooses in one of Mantine's selects, which is a text field with a list. */
export async function choose(page: Page, label: string | RegExp, option: string): Promise<void> {
  await page.getByRole("combobox", { name: label }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
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
