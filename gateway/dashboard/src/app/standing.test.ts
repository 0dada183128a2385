// How a line stands: red says why.
import { describe, expect, it } from "vitest";
import type { Fault, LineStatus, Status } from "@/api/types";
import { standingOf } from "./standing";

const line = (id: string, on = true): LineStatus =>
  ({
    id,
    n_tags: 1,
    checks: [{ id: "stroke", line: id, production: { on }, outputs: [{ connection: "plc" }] }],
  }) as unknown as LineStatus;
const status = (problems: Fault[], down: string[] = []): Status =>
  ({
    phase: "running",
    problems,
    connections: ["plc", "broker"].map((id) => ({ id, link: down.includes(id) ? "down" : "up" })),
  }) as unknown as Status;

describe("a line", () => {
  it("that judges is well", () => expect(standingOf(line("press-3"), status([])).standing).toBe("ok"));
  it("out of production is idle, not ill", () =>
    expect(standingOf(line("press-3", false), status([])).word).toBe("idle"));
  it("is red for its own fault, and not for another's", () => {
    const faults: Fault[] = [
      { severity: "not_ready", kind: "silent", place: "press-3/stroke", why: "no verdict" },
    ];
    expect(standingOf(line("press-3"), status(faults))).toMatchObject({ standing: "bad", faults });
    expect(standingOf(line("press-33"), status(faults)).standing).toBe("ok");
  });
  it("is red when the connection of its output is down", () => {
    const faults: Fault[] = [
      { severity: "not_ready", kind: "silent", place: "connection plc", why: "refused" },
    ];
    expect(standingOf(line("press-3"), status(faults, ["plc"])).standing).toBe("bad");
  });
  it("needs attention for what is merely degraded", () =>
    expect(
      standingOf(
        line("press-3"),
        status([{ severity: "degraded", kind: "device", place: "store", why: "full" }]),
      ).standing,
    ).toBe("warn"));
});
