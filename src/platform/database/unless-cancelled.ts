import { isCancelled } from './faults';

/**
 * For a number that only tells somebody how far a long work is: the work does not end because it takes too long to count.
 * @returns null where the statement was cancelled, by DATABASE_STATEMENT_TIMEOUT_MS or by an operator
 * @throws what else the query throws
 */
export async function unlessCancelled<Result>(query: () => Promise<Result>): Promise<Result | null> {
  try {
    return await query();
  } catch (error) {
    if (isCancelled(error)) return null;
    throw error;
  }
}
