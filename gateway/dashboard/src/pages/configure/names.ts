// What the gateway takes as a name.

/** The key of what is wrong with a name, if anything. */
export function nameFault(
  name: string,
  taken: readonly string[],
): "nameMissing" | "nameWrong" | "nameTaken" | undefined {
  if (!name) return "nameMissing";
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name)) return "nameWrong";
  return taken.includes(name) ? "nameTaken" : undefined;
}

/** The first name of a kind that is free: `tag`, `tag-2`, … */
export function freeName(stem: string, taken: readonly string[]): string {
  if (!taken.includes(stem)) return stem;
  for (let n = 2; ; n += 1) if (!taken.includes(`${stem}-${n}`)) return `${stem}-${n}`;
}
