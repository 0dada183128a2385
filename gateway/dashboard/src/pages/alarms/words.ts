// The gateway's words for alarms, as keys of the catalogue and as signs.
import type { Alarm } from "@/api/types";
import type { Standing } from "@/parts/mark";

const STATES = [
  "normal",
  "active",
  "acknowledged",
  "returned",
  "shelved",
  "suppressed",
  "out_of_service",
] as const;
const PRIORITIES = ["low", "medium", "high"] as const;

export const stateOf = (alarm: Alarm): (typeof STATES)[number] =>
  STATES.find((state) => state === alarm.state) ?? "normal";

export const priorityOf = (alarm: Alarm): (typeof PRIORITIES)[number] =>
  PRIORITIES.find((priority) => priority === alarm.priority) ?? "medium";

/** Whether it waits for somebody. */
export const isOpen = (alarm: Alarm): boolean => ["active", "returned"].includes(stateOf(alarm));
export const isAway = (alarm: Alarm): boolean =>
  ["shelved", "suppressed", "out_of_service"].includes(stateOf(alarm));
export const isActive = (alarm: Alarm): boolean => isOpen(alarm) || stateOf(alarm) === "acknowledged";

export function signOf(alarm: Alarm): Standing {
  const state = stateOf(alarm);
  if (state === "active" || state === "acknowledged") return priorityOf(alarm) === "low" ? "warn" : "bad";
  return state === "normal" ? "ok" : "idle";
}
