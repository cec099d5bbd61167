import { isAppError } from './app-error';

/**
 * Again after each pause where the store could not be reached: a connection that breaks is no reason to end a run of hours.
 * @param pausesMs milliseconds before the second attempt, before the third, and so on
 * @throws whatever the last attempt throws, and at once what is not STORAGE_UNAVAILABLE
 */
export async function patiently<Result>(pausesMs: readonly number[], work: () => Promise<Result>): Promise<Result> {
  for (const pauseMs of pausesMs) {
    try {
      return await work();
    } catch (error) {
      if (!isAppError(error, 'STORAGE_UNAVAILABLE')) throw error;
      await Bun.sleep(pauseMs);
    }
  }
  return await work();
}
