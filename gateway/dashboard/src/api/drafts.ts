// Changes that are not applied yet: one draft a document, kept in this tab, and what the gateway says about them.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, data } from "./client";
import type { DocumentDraft } from "./types";
import {
  CONNECTIONS_DOCUMENT,
  type Connection,
  type Line,
  lineDocument,
  tidy,
  type Written,
} from "./written";

export type Draft = { form?: Written; removed?: boolean; base: number };
type Drafts = Readonly<Record<string, Draft>>;
const KEPT = "takt.drafts";
const OWNER = "takt.drafts.of";

let drafts: Drafts = read();
const listeners = new Set<() => void>();

function read(): Drafts {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") as Drafts;
  } catch {
    return {};
  }
}

function keep(next: Drafts): void {
  drafts = next;
  sessionStorage.setItem(KEPT, JSON.stringify(next));
  for (const listener of listeners) listener();
}

/** Drafts are of one person: whoever signs in after somebody else begins with none. */
export function ownDrafts(user: string): void {
  if (sessionStorage.getItem(OWNER) !== user) keep({});
  sessionStorage.setItem(OWNER, user);
}

export const setDraft = (name: string, draft: Draft): void => keep({ ...drafts, [name]: draft });
export const dropDraft = (name: string): void =>
  keep(Object.fromEntries(Object.entries(drafts).filter(([key]) => key !== name)));
export const dropDrafts = (): void => keep({});

export function useDrafts(): Drafts {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => drafts,
  );
}

export const useDocuments = () =>
  useQuery({
    queryKey: ["documents"],
    queryFn: async () => (await data(api.GET("/api/v1/documents"))).documents,
  });

export const readDocument = (name: string, version?: number) =>
  data(api.GET("/api/v1/documents/{name}", { params: { path: { name }, query: { version } } }));

export const useDocument = (name: string | undefined, version?: number) =>
  useQuery({
    queryKey: ["document", name, version],
    queryFn: () => readDocument(name ?? "", version),
    enabled: name !== undefined,
  });

export const useVersions = (name: string) =>
  useQuery({
    queryKey: ["document", name, "versions"],
    queryFn: async () => {
      const { versions } = await data(
        api.GET("/api/v1/documents/{name}/versions", { params: { path: { name } } }),
      );
      return versions;
    },
  });

/** All documents with their forms: what runs, before any draft. */
export const useWritten = () => {
  const documents = useDocuments();
  const names = documents.data?.map((one) => `${one.name}@${one.version}`).join() ?? "";
  return useQuery({
    queryKey: ["documents", "all", names],
    enabled: documents.data !== undefined,
    placeholderData: (old) => old,
    queryFn: () => Promise.all((documents.data ?? []).map((one) => readDocument(one.name))),
  });
};

export type Placed<T> = T & {
  document: string;
  origin: "file" | "applied" | "new";
  version: number;
  isDraft: boolean;
};

/** What the drafts make of what runs. */
export function useConfiguration(): {
  lines: Placed<Line>[];
  connections: Placed<Connection>[];
  /** The version of a document that runs; 0 for one that is not there. */
  versionOf: (document: string) => number;
  isPending: boolean;
  error: unknown;
  refetch: () => unknown;
} {
  const written = useWritten();
  const documents = useDocuments();
  const mine = useDrafts();
  const all: {
    name: string;
    form: Written;
    origin: "file" | "applied" | "new";
    version: number;
    isDraft: boolean;
  }[] = [];
  for (const one of written.data ?? []) {
    const draft = mine[one.name];
    if (draft?.removed) continue;
    all.push({
      name: one.name,
      form: draft?.form ?? ((one.form ?? {}) as Written),
      origin: one.origin,
      version: one.version ?? 0,
      isDraft: draft !== undefined,
    });
  }
  for (const [name, draft] of Object.entries(mine)) {
    if (draft.form && !written.data?.some((one) => one.name === name))
      all.push({ name, form: draft.form, origin: "new", version: 0, isDraft: true });
  }
  const placed = <T extends object>(list: (form: Written) => T[] | undefined): Placed<T>[] =>
    all.flatMap(({ name, form, origin, version, isDraft }) =>
      (list(form) ?? []).map((one) => ({ ...one, document: name, origin, version, isDraft })),
    );
  return {
    lines: placed((form) => form.lines),
    connections: placed((form) => form.connections),
    versionOf: (name) => written.data?.find((one) => one.name === name)?.version ?? 0,
    // A refresh that fails leaves what was there: nobody's form goes because of it.
    isPending: written.data === undefined,
    error: documents.error ?? written.error,
    refetch: () => {
      void documents.refetch();
      void written.refetch();
    },
  };
}

const bare = <T extends object>(one: Placed<T> | T): T => {
  const { document, origin, version, isDraft, ...rest } = one as Placed<T>;
  return rest as unknown as T;
};

/** Puts a line into the draft of its document. */
export function draftLine(line: Placed<Line> | Line, base: number): void {
  upon(lineDocument(line.id), base, { form: { lines: [tidy(bare(line))] } });
}

export const draftLineRemoved = (line: string, base: number): void =>
  upon(lineDocument(line), base, { removed: true });

/** A draft stays upon the version it began with: what somebody else applied meanwhile must not be lost unseen. */
function upon(name: string, base: number, draft: Omit<Draft, "base">): void {
  setDraft(name, { ...draft, base: drafts[name]?.base ?? base });
}

/** Puts all connections of the page's own document into its draft. */
export function draftConnections(connections: (Placed<Connection> | Connection)[], base: number): void {
  upon(CONNECTIONS_DOCUMENT, base, { form: { connections: connections.map((one) => tidy(bare(one))) } });
}

const changes = (): DocumentDraft[] =>
  Object.entries(drafts).map(([name, draft]) =>
    draft.removed ? { name, removed: true } : { name, form: draft.form },
  );

/** What the gateway says about the drafts; nothing changes by asking. */
export const useCheck = () =>
  useMutation({
    mutationFn: () => data(api.POST("/api/v1/documents/check", { body: { documents: changes() } })),
  });

/** A draft whose document somebody else changed meanwhile: by whom, when, why. */
export type Moved = { name: string; version: number; by: string; at: string | null; note: string };

export function useMoved(): Moved[] {
  const mine = useDrafts();
  const { data: documents } = useDocuments();
  return Object.entries(mine).flatMap(([name, { base }]) => {
    const now = documents?.find((one) => one.name === name);
    const version = now?.version ?? 0;
    if (!documents || version === base) return [];
    return [{ name, version, by: now?.by ?? "", at: now?.at ?? null, note: now?.note ?? "" }];
  });
}

/** Puts drafts upon what runs now; their difference then shows what of it they would undo. */
export function rebase(moved: readonly Moved[]): void {
  const next = { ...drafts };
  for (const { name, version } of moved) {
    const draft = next[name];
    if (draft) next[name] = { ...draft, base: version };
  }
  keep(next);
}

export function useApply() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (note: string) => {
      const base = Object.fromEntries(Object.entries(drafts).map(([name, draft]) => [name, draft.base]));
      return data(api.POST("/api/v1/documents/apply", { body: { documents: changes(), note, base } }));
    },
    onSuccess: () => {
      dropDrafts();
      void client.invalidateQueries({ queryKey: ["documents"] });
      void client.invalidateQueries({ queryKey: ["document"] });
    },
    // The document moved: ask who did it.
    onError: () => client.invalidateQueries({ queryKey: ["documents"] }),
  });
}

export function useRollback(name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { version: number; note: string }) =>
      data(api.POST("/api/v1/documents/{name}/rollback", { params: { path: { name } }, body })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["documents"] });
      void client.invalidateQueries({ queryKey: ["document"] });
    },
  });
}
