/** The time of this process. What several processes must agree on is asked of the database instead. */
export type Clock = () => Date;

/** Null: never. */
export function earlier(one: Date, other: Date | null): Date {
  return other !== null && other < one ? other : one;
}

export const systemClock: Clock = () => new Date();
