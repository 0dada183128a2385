// A verdict with everything that belongs to it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, call, data } from "@/api/client";
import type { VerdictDetail, VerdictWindow } from "@/api/contract";
import { Problem } from "@/api/problem";
import type { VerdictView } from "@/api/types";
import { fromId, isOf } from "@/parts/verdict-id";

export type Place = { line: string; check: string; id: string };

const pathOf = ({ line, check, id }: Place): string => {
  const found = fromId(id);
  if (!found) throw new Problem(404, `'${id}' names no verdict`, "");
  return `/api/v1/verdicts/${encodeURIComponent(line)}/${encodeURIComponent(check)}/${found.epoch}/${found.seq}`;
};

export function usePart(place: Place) {
  return useQuery({
    queryKey: ["verdict", place.line, place.check, place.id],
    queryFn: () =>
      call<VerdictDetail>("GET", pathOf(place)).catch((error: unknown) => {
        if (Problem.of(error).isAbsent) return fromList(place);
        throw error;
      }),
  });
}

export function useWindow(place: Place, verdict: VerdictView | undefined) {
  return useQuery({
    queryKey: ["window", place.line, place.check, place.id],
    enabled: verdict !== undefined,
    staleTime: 60_000,
    queryFn: () =>
      call<VerdictWindow>("GET", `${pathOf(place)}/window`).catch((error: unknown) => {
        if (Problem.of(error).isAbsent && verdict) return fromHistory(verdict);
        throw error;
      }),
  });
}

export function useFeedback(place: Place) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { right: boolean; text: string }) =>
      call("PUT", `${pathOf(place)}/feedback`, { body }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["verdict", place.line, place.check, place.id] }),
  });
}

// Until the two routes above are there: the same from what the gateway has now.

async function fromList({ line, check, id }: Place): Promise<VerdictDetail> {
  let cursor: string | undefined;
  for (let page = 0; page < 20; page += 1) {
    const found = await data(
      api.GET("/api/v1/verdicts", { params: { query: { line, check, limit: 500, cursor } } }),
    );
    const verdict = found.verdicts.find((one) => isOf(one, id));
    if (verdict) return { verdict, writes: [] };
    if (!found.next) break;
    cursor = found.next;
  }
  throw new Problem(404, `${line}/${check} has no verdict ${id}`, "look for the part in the line's table");
}

async function fromHistory(verdict: VerdictView): Promise<VerdictWindow> {
  const { line, window } = verdict;
  const known = await data(api.GET("/api/v1/tags", { params: { query: { line } } }));
  const tags = verdict.contributions.map((one) => one.tag.split(".")[0] ?? one.tag);
  const wanted = [...new Set(tags)].filter((tag) => known.tags.some((one) => one.id === tag));
  const shown = wanted.length ? wanted : known.tags.slice(0, 6).map((tag) => tag.id);
  const history = await data(
    api.GET("/api/v1/history", {
      params: { query: { line, tags: shown.join(), from: window.from, to: window.to, points: 2_000 } },
    }),
  );
  return {
    from: window.from,
    to: window.to,
    n_good: 0,
    tags: history.tags.map((one) => ({
      tag: one.tag,
      unit: known.tags.find((tag) => tag.id === one.tag)?.unit ?? "",
      points: one.points,
      envelope: [],
    })),
  };
}
