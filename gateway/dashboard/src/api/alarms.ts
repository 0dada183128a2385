// Alarms as they stand, read again when the stream says that one changed.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, data } from "./client";
import { onAlarms } from "./live";
import { Problem } from "./problem";
import type { AlarmOrder } from "./types";

const KEY = ["alarms"];

export function useAlarms() {
  const client = useQueryClient();
  useEffect(() => onAlarms(() => void client.invalidateQueries({ queryKey: KEY })), [client]);
  return useQuery({
    queryKey: KEY,
    queryFn: () => data(api.GET("/api/v1/alarms")),
    // The stream tells of changes; this is for a stream that is away, and not for a gateway without alarms.
    refetchInterval: (query) => (query.state.error && Problem.of(query.state.error).isAbsent ? false : 5_000),
    retry: false,
  });
}

export function useAlarmAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, act, body }: { id: string; act: string; body?: AlarmOrder }) => {
      const order = { params: { path: { id, order: act } }, body: body ?? {} };
      // Taking out of service is for engineers, and so a method of its own.
      return data(
        act.endsWith("service")
          ? api.PUT("/api/v1/alarms/{id}/{order}", order)
          : api.POST("/api/v1/alarms/{id}/{order}", order),
      );
    },
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}
