/** What URLs need of credentials that end: a URL dies with the session in which it was signed. */
export interface SessionNeeds {
  /** The longest life that is promised of a URL. */
  readonly longestUrlSeconds: number;
  /** Told once, when URLs may end before what is promised of them. */
  tooShort?(secondsLeft: number): void;
}

type Promised = Pick<SessionNeeds, 'longestUrlSeconds'>;

/** Between the beginning of a session and a look at it. */
const LOOKED_AT_WITHIN_SECONDS = 60;

/** Credentials are renewed when they are half spent, not sooner: those of a shorter session have too little left by then. */
export function shortestSessionSeconds({ longestUrlSeconds }: Promised): number {
  return 2 * longestUrlSeconds;
}

/** @param secondsLeft of a session that has just begun */
export function isTooShort(secondsLeft: number, promised: Promised): boolean {
  return secondsLeft + LOOKED_AT_WITHIN_SECONDS < shortestSessionSeconds(promised);
}
