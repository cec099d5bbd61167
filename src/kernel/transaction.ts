declare const open: unique symbol;

/**
 * One open database transaction, passed from module to module so that their writes commit together.
 * Opaque here; `platform/database/transaction.ts` makes it and opens it.
 */
export interface Transaction {
  readonly [open]: true;
}

/** Runs work in one transaction; commits when it returns, rolls back when it throws. */
export type InTransaction = <Result>(work: (tx: Transaction) => Promise<Result>) => Promise<Result>;
