// uPlot in React: made once, fed with data, resized with its place, drawn in the theme's colours.
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useLayoutEffect, useRef } from "react";
import uPlot from "uplot";
import { clock, clockMs, dayHour, hourMinute } from "@/text/format";

/** A token's colour as the browser computed it; canvas knows no variables. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "#888";
}

/** The same colour, thinner. */
export function wash(name: string, share: number): string {
  return `color-mix(in srgb, ${token(name)} ${Math.round(share * 100)}%, transparent)`;
}

const FONT = '11px "IBM Plex Sans Variable", system-ui, sans-serif';

/** Time along the bottom, as fine as its steps. */
export function timeAxis(shown: boolean): uPlot.Axis {
  return {
    show: true,
    size: shown ? 26 : 0,
    space: 84,
    font: FONT,
    stroke: token("ink-3"),
    gap: 4,
    grid: { stroke: token("line"), width: 1 },
    ticks: { show: false },
    values: (_, splits) => {
      if (!shown) return splits.map(() => "");
      const step = ((splits[1] ?? 0) - (splits[0] ?? 0)) * 1_000;
      const say = step < 1_000 ? clockMs : step < 60_000 ? clock : step < 43_200_000 ? hourMinute : dayHour;
      return splits.map((at) => say(at * 1_000));
    },
  };
}

export function valueAxis(size: number, values?: uPlot.Axis.Values): uPlot.Axis {
  return {
    size,
    font: FONT,
    stroke: token("ink-3"),
    gap: 6,
    space: 26,
    grid: { stroke: token("line"), width: 1 },
    ticks: { show: false },
    ...(values ? { values } : {}),
  };
}

export type Make = (width: number, height: number) => uPlot.Options;

/**
 * `make` builds the options and is called again when it changes, which it must not do with every render.
 * `label` says what a screen reader should know; the figures are always in a table beside the chart as well.
 */
export function Chart({
  make,
  data,
  height,
  label,
  onPlot,
}: {
  make: Make;
  data: uPlot.AlignedData;
  height: number;
  label: string;
  onPlot?: (plot: uPlot | undefined) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(data);
  latest.current = data; // eslint-disable-line react-hooks/refs
  const scheme = useComputedColorScheme("light");

  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new uPlot(make(element.clientWidth || 300, height), latest.current, element);
    plot.current = made;
    onPlot?.(made);
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      onPlot?.(undefined);
      made.destroy();
      plot.current = undefined;
    };
  }, [make, height, scheme, onPlot]);

  useEffect(() => plot.current?.setData(data), [data]);
  return <div ref={place} role="img" aria-label={label} style={{ height, minWidth: 0 }} />;
}
