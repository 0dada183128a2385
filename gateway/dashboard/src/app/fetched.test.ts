// A part that cannot be fetched: one reload, and only where the gateway answers.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { fetched, NotFetched, reloadOnce } from "./fetched";

const answers = (ok: boolean) =>
  vi.stubGlobal(
    "fetch",
    vi.fn(() => (ok ? Promise.resolve({ ok }) : Promise.reject(new TypeError("refused")))),
  );

describe("a part of the page", () => {
  beforeEach(() => sessionStorage.clear());

  it("that is missing makes the page reload once, and again after one has come", async () => {
    answers(true);
    const go = vi.fn();
    await reloadOnce(go);
    await reloadOnce(go);
    expect(go).toHaveBeenCalledTimes(1);
    await expect(fetched(() => Promise.reject(new TypeError("gone")))).rejects.toBeInstanceOf(NotFetched);
    await reloadOnce(go);
    expect(go).toHaveBeenCalledTimes(1);
    expect(await fetched(() => Promise.resolve("here"))).toBe("here");
    await reloadOnce(go);
    expect(go).toHaveBeenCalledTimes(2);
  });

  it("is not reloaded for while the gateway does not answer, and then it still is", async () => {
    const go = vi.fn();
    answers(false);
    await reloadOnce(go);
    expect(go).not.toHaveBeenCalled();
    answers(true);
    await reloadOnce(go);
    expect(go).toHaveBeenCalledTimes(1);
  });
});
