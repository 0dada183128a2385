// The gateway's words for alarms, as keys of the catalogue and as signs.
import type { Alarm } from "@/api/types";
import type { Standing } from "@/parts/mark";

const STATES = [
  "normal",
  "active_unacknowledged",
  "active_acknowledged",
  "returned_unacknowledged",
  "shelved",
  "suppressed",
  "out_of_service",
] as const;
const PRIORITIES = ["low", "medium", "high", "critical"] as const;

/** Short words that mean the same. */
const SAME: Record<string, (typeof STATES)[number]> = {
  active: "active_unacknowledged",
  unacknowledged: "active_unacknowledged",
  acknowledged: "active_acknowledged",
  returned: "returned_unacknowledged",
  returned_to_normal: "returned_unacknowledged",
};

export const stateOf = (alarm: Alarm): (typeof STATES)[number] =>
  STATES.find((state) => state === alarm.state) ?? SAME[alarm.state] ?? "normal";

export const priorityOf = (alarm: Alarm): (typeof PRIORITIES)[number] =>
  PRIORITIES.find((priority) => priority === alarm.priority) ?? "medium";

/** Whether it waits for somebody. */
export const isOpen = (alarm: Alarm): boolean =>
  ["active_unacknowledged", "returned_unacknowledged"].includes(stateOf(alarm));
export const isAway = (alarm: Alarm): boolean =>
  ["shelved", "suppressed", "out_of_service"].includes(stateOf(alarm));
export const isActive = (alarm: Alarm): boolean => isOpen(alarm) || stateOf(alarm) === "active_acknowledged";

export function signOf(alarm: Alarm): Standing {
  const state = stateOf(alarm);
  if (state === "active_unacknowledged" || state === "active_acknowledged")
    return priorityOf(alarm) === "low" ? "warn" : "bad";
  return state === "normal" ? "ok" : "idle";
}
