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

/** Whether a fault concerns a line: itself, one of its checks, or a connection, store or program that all need. */
export function concerns(fault: Fault, line: LineStatus, connections: ReadonlySet<string>): boolean {
  const { place } = fault;
  if (place === line.id || place.startsWith(`${line.id}/`)) return true;
  if (place === "gateway" || place === "store") return true;
  return place.startsWith("connection ") && connections.has(place.slice("connection ".length));
}

/** The connections whose loss a line would feel. Without the tags' own word: all of its outputs', and all that are down. */
function connectionsOf(line: LineStatus, status: Status): Set<string> {
  const ofOutputs = line.checks.flatMap((check) => check.outputs.map((output) => output.connection));
  const known = status.connections.filter((one) => one.link !== "up").map((one) => one.id);
  return new Set([...ofOutputs, ...known]);
}

const onProduction = (check: CheckStatus): boolean => check.production.on;

/** How the line stands. */
export function standingOf(line: LineStatus, status: Status): LineStanding {
  const connections = connectionsOf(line, status);
  const faults = status.problems.filter((fault) => concerns(fault, line, connections));
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
