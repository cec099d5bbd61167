/** The time of this process. What several processes must agree on is asked of the database instead. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();
