// Alarms as they stand, read again when the stream says that one changed.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { call } from "./client";
import type { Alarms } from "./contract";
import { onAlarms } from "./live";
import { Problem } from "./problem";

const KEY = ["alarms"];

export function useAlarms() {
  const client = useQueryClient();
  useEffect(() => onAlarms(() => void client.invalidateQueries({ queryKey: KEY })), [client]);
  return useQuery({
    queryKey: KEY,
    queryFn: () => call<Alarms>("GET", "/api/v1/alarms"),
    // The stream tells of changes; this is for a stream that is away, and not for a gateway without alarms.
    refetchInterval: (query) => (query.state.error && Problem.of(query.state.error).isAbsent ? false : 5_000),
    retry: false,
  });
}

export function useAlarmAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, act, body }: { id: string; act: string; body?: object }) =>
      // Taking out of service is for engineers, and so a method of its own.
      call(act.endsWith("service") ? "PUT" : "POST", `/api/v1/alarms/${encodeURIComponent(id)}/${act}`, {
        body: body ?? {},
      }),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}
