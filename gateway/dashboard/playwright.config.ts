// Browser tests: Debian's Chromium against real gateways, brokers and devices. `cargo xtask test` runs them.
import { defineConfig } from "@playwright/test";

/** What Chromium needs in a container, and what keeps it from talking to anyone else. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export default defineConfig({
  testDir: "tests/browser",
  outputDir: "../../target/browser",
  // One gateway of a kind at a time, on machines with two cores.
  workers: 1,
  // A debug build, a browser and a plant share two cores with whatever else runs there.
  timeout: 300_000,
  expect: { timeout: 40_000 },
  reporter: [["list"]],
  use: {
    locale: "en-GB",
    viewport: { width: 1440, height: 900 },
    screenshot: "only-on-failure",
    launchOptions: { executablePath: process.env["TAKT_CHROMIUM"] ?? "/usr/bin/chromium", args: FLAGS },
  },
});
