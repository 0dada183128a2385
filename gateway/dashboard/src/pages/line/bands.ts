// Verdicts behind a trend: each window is a band, a fail stands out by colour and by a mark on top.
import uPlot from "uplot";
import { kindOf } from "@/api/live";
import type { VerdictView } from "@/api/types";
import { token, wash } from "@/parts/chart";
import { idOf } from "@/parts/verdict-id";

export type Bands = { verdicts: readonly VerdictView[]; selected: string | undefined };

const seconds = (time: string): number => Date.parse(time) / 1_000;

/** Draws the bands of what `bands` gives at that moment. */
export function bandsPlugin(bands: () => Bands, marks: boolean): uPlot.Plugin {
  const draw = (plot: uPlot): void => {
    const { ctx, bbox } = plot;
    const { verdicts, selected } = bands();
    const [fail, unsure] = [wash("fail", 0.2), wash("unsure-mark", 0.18)];
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    // Windows that overlap, or share a pixel, must not add up to a darker band than one of them.
    const reached: Record<string, number> = {};
    for (const verdict of [...verdicts].sort((a, b) => a.seq - b.seq)) {
      const kind = kindOf(verdict.verdict);
      const isSelected = idOf(verdict) === selected;
      if (kind === "pass" && !isSelected) continue;
      const begin = plot.valToPos(seconds(verdict.window.from), "x", true);
      const left = isSelected ? begin : Math.max(begin, reached[kind] ?? -Infinity);
      const right = Math.max(
        plot.valToPos(seconds(verdict.window.to), "x", true),
        begin + 2 * devicePixelRatio,
      );
      if (right < bbox.left || left > bbox.left + bbox.width) continue;
      if (!isSelected && right <= left) continue;
      reached[kind] = right;
      ctx.fillStyle = kind === "fail" ? fail : kind === "pass" ? wash("accent", 0.14) : unsure;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      if (isSelected) {
        ctx.strokeStyle = token("accent");
        ctx.lineWidth = 1.5 * devicePixelRatio;
        ctx.strokeRect(left, bbox.top - 2, right - left, bbox.height + 4);
      }
      if (marks && kind === "fail") triangle(ctx, (left + right) / 2, bbox.top + 1, token("fail"));
    }
    ctx.restore();
  };
  return { hooks: { drawClear: draw } };
}

function triangle(ctx: CanvasRenderingContext2D, x: number, top: number, colour: string): void {
  const r = 4.5 * devicePixelRatio;
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x + r, top + 1.7 * r);
  ctx.lineTo(x - r, top + 1.7 * r);
  ctx.closePath();
  ctx.fill();
}
