import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { Client, type ClientConfig, Pool, type PoolClient } from 'pg';
import type { Log } from '../../kernel/log';
import type { RecordOperation } from '../telemetry/metrics';
import { measuredClient } from './measured-client';
import * as schema from './schema';

export type Orm = NodePgDatabase<typeof schema> & { readonly $client: Pool | PoolClient };

export interface DatabaseOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Told of each statement when it has ended. */
  readonly record?: RecordOperation;
}

/** The role that every connection of the application works as; made by the migrations, owns nothing. */
export const APPLICATION_ROLE = 'intellipost_app';

/**
 * A host that vanishes says no farewell: after a minute without a sign of life the server ends its sessions, and with them their locks.
 * By the kernel's defaults it would wait for two hours.
 * @see PostgreSQL, 19.3.2, TCP Settings
 */
export const GIVEN_UP_BY_SERVER = [
  '-c tcp_keepalives_idle=30',
  '-c tcp_keepalives_interval=10',
  '-c tcp_keepalives_count=3',
];

/**
 * A connection whose end was lost on its way is asked for a sign of life after ten seconds of silence, not after the kernel's two hours: who
 * listens on it, or holds a lock by it, must hear of it. @see tcp(7), TCP_KEEPIDLE
 */
export const KEPT_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };

/** Connections of the application's role. Nothing here can alter a table. */
export class Database {
  readonly orm: Orm;
  /** How long a connection may take to be made, or to answer what costs the server nothing. */
  readonly connectTimeoutMs: number;
  private readonly pool: Pool;
  private readonly connection: ClientConfig;

  constructor(options: DatabaseOptions, log: Log) {
    this.connectTimeoutMs = options.connectTimeoutMs;
    this.connection = connectionOf(options);
    this.pool = new Pool({
      ...(options.record ? { Client: measuredClient(options.record) } : {}),
      ...this.connection,
      max: options.poolSize,
    });
    // Idle connections die when the server goes away; the pool drops them and makes new ones when asked. While it closes they are
    // to go: an embedded server that is stopped next may be quicker than they are.
    this.pool.on('error', (error) => {
      if (!this.pool.ending) log.warn({ err: error }, 'an idle database connection was lost');
    });
    this.orm = drizzle(this.pool, { schema });
  }

  /** A connection of one's own. Release it with `true` when its state is unknown. */
  connect(): Promise<PoolClient> {
    return this.pool.connect();
  }

  /** A connection outside the pool, not opened yet: for LISTEN, which holds it for good. Its owner listens for its errors and ends it. */
  dedicated(applicationName: string): Client {
    return new Client({ ...this.connection, application_name: applicationName });
  }

  /** A dedicated connection for work of hours, such as COPY of whole tables: its statements have no time limit, its locks do. */
  unhurried(applicationName: string): Client {
    return new Client({
      ...this.connection,
      statement_timeout: 0,
      idle_in_transaction_session_timeout: 0,
      query_timeout: 0,
      application_name: applicationName,
    });
  }

  /** One statement on any connection. */
  async query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }> {
    return this.pool.query(text, values);
  }

  /** One round trip, for /readyz. */
  async ping(): Promise<void> {
    await this.pool.query('select 1');
  }

  get waiting(): number {
    return this.pool.waitingCount;
  }

  get connections(): { total: number; idle: number } {
    return { total: this.pool.totalCount, idle: this.pool.idleCount };
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

function connectionOf(options: DatabaseOptions): ClientConfig {
  return {
    connectionString: options.url,
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    idle_in_transaction_session_timeout: options.statementTimeoutMs * 2,
    connectionTimeoutMillis: options.connectTimeoutMs,
    // A statement whose answer never comes (a dead network path) must not hold its connection for ever.
    query_timeout: options.statementTimeoutMs + 5000,
    ...KEPT_ALIVE,
    application_name: 'intellipost',
    options: [`-c role=${APPLICATION_ROLE}`, '-c timezone=UTC', ...GIVEN_UP_BY_SERVER].join(' '),
  };
}
