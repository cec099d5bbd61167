import { drizzle } from 'drizzle-orm/node-postgres';
import type { PoolClient, QueryConfig } from 'pg';
import { causesOf } from '../../kernel/causes-of';
import type { InTransaction, Transaction } from '../../kernel/transaction';
import type { Database, Orm } from './database';
import { CommitOutcomeUnknown, databaseFault, isTimeout } from './faults';
import * as schema from './schema';

const ATTEMPTS = 4;
const orms = new WeakMap<Transaction, Orm>();

/** The query builder of an open transaction. */
export function ormOf(tx: Transaction): Orm {
  const orm = orms.get(tx);
  if (!orm) throw new Error('this transaction has ended');
  return orm;
}

/**
 * READ COMMITTED. The work is run again after a serialization failure, a deadlock or a connection lost before COMMIT was sent,
 * so it must do nothing but database work. A connection lost during COMMIT is never tried again.
 * @throws CommitOutcomeUnknown
 */
export function transactionsOf(database: Database): InTransaction {
  return async (work) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(database, work);
      } catch (error) {
        const { kind } = databaseFault(error);
        const again = (kind === 'conflict' || kind === 'unavailable') && !(error instanceof CommitOutcomeUnknown);
        if (!again || attempt === ATTEMPTS || isTimeout(error)) throw error;
        await Bun.sleep(10 * 2 ** attempt * (0.5 + Math.random()));
      }
    }
  };
}

async function once<Result>(database: Database, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  const client = await database.connect();
  client.on('error', reportedByTheStatement);
  const tx = Object.freeze({}) as Transaction;
  orms.set(tx, ormOn(client));
  try {
    await begin(client, database.connectTimeoutMs);
    const result = await work(tx);
    await commit(client);
    giveBack(client);
    return result;
  } catch (error) {
    await rollBack(client, error);
    throw error;
  } finally {
    orms.delete(tx);
  }
}

const ormsOfClients = new WeakMap<PoolClient, Orm>();

/** Made once for each connection: what it derives from the schema takes longer than a statement. */
function ormOn(client: PoolClient): Orm {
  const orm = ormsOfClients.get(client) ?? drizzle(client, { schema });
  ormsOfClients.set(client, orm);
  return orm;
}

/** The statement that meets a broken connection throws; without a listener the same event would end the process. */
const reportedByTheStatement = () => undefined;

function giveBack(client: PoolClient): void {
  client.off('error', reportedByTheStatement);
  client.release();
}

/** It does nothing, so a connection that does not answer it soon is dead: found out here, not at the end of a statement's patience. */
async function begin(client: PoolClient, query_timeout: number): Promise<void> {
  const statement: QueryConfig & { query_timeout: number } = { text: 'begin', query_timeout };
  await client.query(statement);
}

async function commit(client: PoolClient): Promise<void> {
  try {
    await client.query('commit');
  } catch (error) {
    // A constraint that is checked at commit answers with its code: then nothing was committed, and that is known.
    if (databaseFault(error).kind === 'unavailable') throw new CommitOutcomeUnknown(error);
    throw error;
  }
}

async function rollBack(client: PoolClient, reason: unknown): Promise<void> {
  // It would wait behind the statement that is not answered.
  if (isUnanswered(reason)) return client.release(true);
  try {
    await client.query('rollback');
    giveBack(client);
  } catch (error) {
    // The server rolls back what it lost its client of; the connection is thrown away.
    client.release(error instanceof Error ? error : true);
  }
}

function isUnanswered(error: unknown): boolean {
  return causesOf(error).some(({ message }) => message === 'Query read timeout');
}
