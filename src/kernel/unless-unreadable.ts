import { isAppError } from './app-error';

/**
 * One object that alone can't be read, copied or listed must not end every run at its place.
 * @returns undefined where the work failed of the storage, though the store as a whole answers
 * @throws AppError STORAGE_UNAVAILABLE where it does not; what else the work throws
 */
export async function unlessUnreadable<Result>(
  store: { check(): Promise<void> },
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isAppError(error, 'STORAGE_UNAVAILABLE')) throw error;
    await store.check();
    return undefined;
  }
}
