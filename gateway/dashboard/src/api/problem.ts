// An error as the gateway tells it: what is wrong, and what to do.

export class Problem extends Error {
  readonly hint: string;
  readonly status: number;
  /** Seconds after which it may work, where the gateway says so. */
  readonly retryAfterS: number | undefined;
  /** When it happened, by this device's clock. */
  readonly at = Date.now();

  constructor(status: number, error: string, hint: string, retryAfterS?: number) {
    super(error);
    this.name = "Problem";
    this.status = status;
    this.hint = hint;
    this.retryAfterS = retryAfterS;
  }

  /** Whatever was thrown, as a problem. */
  static of(thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown;
    if (thrown instanceof TypeError) return new Problem(0, "unreachable", "");
    return new Problem(0, thrown instanceof Error ? thrown.message : String(thrown), "");
  }

  /** The gateway could not be reached at all. */
  get isUnreachable(): boolean {
    return this.status === 0 && this.message === "unreachable";
  }

  /** The route is not part of this version. */
  get isAbsent(): boolean {
    return this.status === 404 && this.message.startsWith("there is nothing at");
  }
}

/** An answer that is no success, as a problem. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => "");
  try {
    const body = JSON.parse(text) as { error?: string; hint?: string; retry_after_s?: number };
    const after = body.retry_after_s ?? Number(response.headers.get("retry-after") ?? Number.NaN);
    return new Problem(
      response.status,
      body.error ?? response.statusText,
      body.hint ?? "",
      Number.isFinite(after) ? after : undefined,
    );
  } catch {
    return new Problem(response.status, text.slice(0, 300) || response.statusText, "");
  }
}
