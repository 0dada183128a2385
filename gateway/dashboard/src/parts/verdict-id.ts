// A verdict's identity in an address: epoch and number, as `1-4711`.
import type { VerdictView } from "@/api/types";

export const idOf = (verdict: { epoch: number; seq: number }): string => `${verdict.epoch}-${verdict.seq}`;

/** Epoch and number, or nothing when the text is no identity. */
export function fromId(id: string): { epoch: number; seq: number } | undefined {
  const found = /^(\d{1,15})-(\d{1,15})$/.exec(id);
  return found ? { epoch: Number(found[1]), seq: Number(found[2]) } : undefined;
}

export const isOf = (verdict: VerdictView, id: string): boolean => idOf(verdict) === id;
