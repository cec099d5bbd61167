/** One thing that is relied on, and what of it is missing. */
export interface StoreFinding {
  readonly promise: string;
  /** Null: it is as it should be. Otherwise what was seen, and what to do about it. */
  readonly problem: string | null;
  /** The store serves all the same. */
  readonly isWarning?: true;
}

/** Makes a request as a client would. @throws where there is no answer */
export type AskStore = (url: string, init: RequestInit) => Promise<Response>;

/** Tries it; having no answer is a problem too. @param probe says the problem, or null */
export async function finding(promise: string, probe: () => Promise<string | null>): Promise<StoreFinding> {
  try {
    return { promise, problem: await probe() };
  } catch (error) {
    return { promise, problem: said(error) };
  }
}

/** With its cause: of an outage that is what the store answered. */
function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${said(error.cause)})`;
}
