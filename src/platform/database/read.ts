import { databaseFault, isTimeout } from './faults';

/** Reads change nothing, so one that met a broken connection is asked once more on a new one. */
export async function read<Result>(query: () => Promise<Result>): Promise<Result> {
  try {
    return await query();
  } catch (error) {
    if (databaseFault(error).kind !== 'unavailable' || isTimeout(error)) throw error;
    return await query();
  }
}
