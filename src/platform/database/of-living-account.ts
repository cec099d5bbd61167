import { AppError } from '../../kernel/app-error';
import { databaseFault } from './faults';

/**
 * Runs an insert whose only foreign key that may fail is its account: a token outlives the account that it was issued for.
 * @throws AppError UNAUTHENTICATED where the account is gone
 */
export async function ofLivingAccount<Result>(insert: () => Promise<Result>): Promise<Result> {
  try {
    return await insert();
  } catch (error) {
    if (databaseFault(error).kind !== 'foreign-key') throw error;
    throw new AppError('UNAUTHENTICATED', 'This account is gone.', { cause: error });
  }
}
