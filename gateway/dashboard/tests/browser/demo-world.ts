// One demo for all tests that look at a running press line: it learns for a while before it judges.
import { test as plain } from "@playwright/test";
import { ask, built, folder, freePort, read, start, until } from "./world";

/** As the demo makes it, and prints it. */
export const [USER, PASSWORD] = ["demo", "press-line-7"];
export const LINE = "press-3";

export type Demo = { base: string; token: string };

export const test = plain.extend<object, { demo: Demo }>({
  demo: [
    async ({}, use) => {
      const place = folder();
      const base = `http://127.0.0.1:${await freePort()}`;
      const demo = start(built("takt-demo"), [
        "--data",
        place.path,
        "--http",
        base.slice("http://".length),
        "--learn",
        "40",
      ]);
      await until("the gateway answers", async () => (await fetch(`${base}/healthz`)).ok);
      const token = read(`${place.path}/gateway/console.token`);
      await until("a part with a fault was found", async () => {
        const page = (await ask(base, token, "/api/v1/verdicts?verdict=fail&limit=1")) as {
          verdicts: unknown[];
        };
        return page.verdicts.length > 0;
      });
      await use({ base, token });
      await demo.stop();
      place.remove();
    },
    { scope: "worker", timeout: 300_000 },
  ],
});
