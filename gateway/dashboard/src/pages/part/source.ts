// A verdict with everything that belongs to it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data } from "@/api/client";
import { Problem } from "@/api/problem";
import type { VerdictView } from "@/api/types";
import { fromId, idOf } from "@/parts/verdict-id";

export type Place = { line: string; check: string; id: string };

function paramsOf({ line, check, id }: Place) {
  const found = fromId(id);
  if (!found) throw new Problem(404, `'${id}' names no verdict`, "");
  return { path: { line, check, epoch: found.epoch, seq: found.seq } };
}

export function usePart(place: Place, wanted = true) {
  return useQuery({
    enabled: wanted && place.id !== "",
    queryKey: ["verdict", place.line, place.check, place.id],
    queryFn: async () =>
      data(api.GET("/api/v1/verdicts/{line}/{check}/{epoch}/{seq}", { params: paramsOf(place) })),
  });
}

export function useWindow(place: Place) {
  return useQuery({
    queryKey: ["window", place.line, place.check, place.id],
    staleTime: 60_000,
    queryFn: async () =>
      data(api.GET("/api/v1/verdicts/{line}/{check}/{epoch}/{seq}/window", { params: paramsOf(place) })),
  });
}

export function useFeedback(place: Place) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (body: { right: boolean; text: string }) =>
      data(
        api.PUT("/api/v1/verdicts/{line}/{check}/{epoch}/{seq}/feedback", { params: paramsOf(place), body }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["verdict", place.line, place.check, place.id] }),
  });
}

/** How far forward the next fail is looked for, in pages of the store. */
const PAGES_MAX = 5;

/** The fails before and after a verdict of the same check. */
export function useNeighbours(verdict: VerdictView) {
  const { line, check, at } = verdict;
  const mine = idOf(verdict);
  const fails = (query: { to?: string; from?: string; limit: number; cursor?: string | undefined }) =>
    data(api.GET("/api/v1/verdicts", { params: { query: { line, check, verdict: "fail", ...query } } }));
  return useQuery({
    queryKey: ["neighbours", line, check, mine],
    staleTime: 60_000,
    queryFn: async () => {
      const before = await fails({ to: at, limit: 5 });
      const previous = before.verdicts.find((one) => idOf(one) !== mine && one.at <= at);
      let next: VerdictView | undefined;
      let cursor: string | undefined;
      // Newest first: the last of the last page is the nearest.
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const after = await fails({ from: at, limit: 500, cursor });
        next = after.verdicts.filter((one) => idOf(one) !== mine).at(-1) ?? next;
        if (!after.next) return { previous, next };
        cursor = after.next;
      }
      return { previous, next: undefined };
    },
  });
}
