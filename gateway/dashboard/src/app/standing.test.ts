// How a line stands: red says why.
import { describe, expect, it } from "vitest";
import type { Fault, LineStatus, Status } from "@/api/types";
import { standingOf } from "./standing";

const line = (id: string, on = true): LineStatus =>
  ({
    id,
    n_tags: 1,
    connections: ["plc"],
    checks: [{ id: "stroke", line: id, production: { on }, outputs: [{ connection: "plc" }] }],
  }) as unknown as LineStatus;
const status = (problems: Fault[]): Status => ({ phase: "running", problems }) as unknown as Status;

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
  it("is red when its own connection is down, and not for one that it does not use", () => {
    const down = (id: string): Fault[] => [
      { severity: "not_ready", kind: "connection", place: `connection ${id}`, why: "refused" },
    ];
    expect(standingOf(line("press-3"), status(down("plc"))).standing).toBe("bad");
    expect(standingOf(line("press-3"), status(down("nobody"))).standing).toBe("ok");
  });
  it("needs attention for what is merely degraded", () =>
    expect(
      standingOf(
        line("press-3"),
        status([{ severity: "degraded", kind: "device", place: "store", why: "full" }]),
      ).standing,
    ).toBe("warn"));
});
