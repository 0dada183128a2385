// How a line stands, and why: the same answer for its tile, its page and the rail.
import type { CheckStatus, ConnectionStatus, Fault, LineStatus, Status } from "@/api/types";
import type { Standing } from "@/parts/mark";

export type LineStanding = {
  standing: Standing;
  /** Which word says so: a key under `standing`. */
  word: "judging" | "idle" | "starting" | "attention" | "notJudging" | "noCheck";
  /** What is wrong, most serious first. */
  faults: Fault[];
};

/** Whether a fault concerns a line: itself, one of its checks or connections, or what all lines need. */
export function concerns(fault: Fault, line: LineStatus): boolean {
  const { place } = fault;
  if (place === line.id || place.startsWith(`${line.id}/`)) return true;
  if (place === "gateway" || place === "store") return true;
  return place.startsWith("connection ") && line.connections.includes(place.slice("connection ".length));
}

const onProduction = (check: CheckStatus): boolean => check.production.on;

/** How the line stands. */
export function standingOf(line: LineStatus, status: Status): LineStanding {
  const faults = status.problems.filter((fault) => concerns(fault, line));
  if (faults.some((fault) => fault.severity === "not_ready")) {
    return { standing: "bad", word: status.phase === "starting" ? "starting" : "notJudging", faults };
  }
  if (line.checks.length === 0) return { standing: "unknown", word: "noCheck", faults };
  if (faults.length > 0) return { standing: "warn", word: "attention", faults };
  if (line.checks.every((check) => !onProduction(check))) return { standing: "idle", word: "idle", faults };
  return { standing: "ok", word: "judging", faults };
}

/** How the whole gateway stands. */
export function gatewayStanding(status: Status): Standing {
  if (!status.ready) return "bad";
  return status.problems.length > 0 ? "warn" : "ok";
}

export const connectionStanding = (connection: ConnectionStatus): Standing =>
  connection.link === "up" ? (connection.units_aside.length > 0 ? "warn" : "ok") : "bad";
