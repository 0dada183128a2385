// Every language says everything that English says, with the same places for values.
import { describe, expect, it } from "vitest";
import de from "./de.json";
import en from "./en.json";
import fr from "./fr.json";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, before = ""): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === "string" ? [[before + key, value] as const] : [...flat(value, `${before}${key}.`)],
    ),
  );
}

const places = (text: string): string[] => (text.match(/\{\{\w+\}\}/g) ?? []).sort();
/** French counts millions apart; a plural form is an addition, not another text. */
const isPlural = (key: string): boolean => /_(zero|one|two|few|many|other)$/.test(key);
const english = flat(en);

describe.each([
  ["de", flat(de)],
  ["fr", flat(fr)],
])("%s", (_, there) => {
  it("is complete", () => expect([...english.keys()].filter((key) => !there.has(key))).toEqual([]));
  it("has no text that nobody asks for", () =>
    expect([...there.keys()].filter((key) => !english.has(key) && !isPlural(key))).toEqual([]));
  it("puts the same values into its texts", () => {
    const wrong = [...english].filter(
      ([key, text]) => there.has(key) && places(text).join() !== places(there.get(key) ?? "").join(),
    );
    expect(wrong.map(([key]) => key)).toEqual([]);
  });
});
