import type { Client } from 'pg';
import type { Log } from '../../kernel/log';
import { pause } from '../pause';
import type { Database } from './database';

export interface NotificationsOptions {
  readonly database: Pick<Database, 'dedicated'>;
  /** By channel. A handler must not throw. */
  readonly channels: Readonly<Record<string, (payload: string) => void>>;
  /** Listening has begun, again or for the first time: what was announced before was not heard. */
  readonly onListening: () => void;
  readonly log: Log;
  /** How often the connection is asked whether it lives, and how long its answer may take. */
  readonly pingEveryMs?: number;
  readonly pingTimeoutMs?: number;
}

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 5_000;

/**
 * One connection that listens to channels of PostgreSQL, made again whenever it is lost. A path that died without a word is found
 * by a statement now and then: nothing else would ever be written to it.
 * @see PostgreSQL manual, LISTEN: what is sent while nobody listens is lost
 */
export class Notifications {
  readonly #options: NotificationsOptions;
  #running: Promise<void> | null = null;
  readonly #stopping = new AbortController();
  #listening = false;

  constructor(options: NotificationsOptions) {
    this.#options = options;
  }

  get listening(): boolean {
    return this.#listening;
  }

  /** Returns at once; safe to repeat. */
  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#listenUntilLost(() => {
          waitMs = FIRST_WAIT_MS;
        });
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#options.log.warn({ err: error }, 'the connection that listens for events was lost and is made again');
      }
      await pause(waitMs * (0.5 + Math.random()), this.#stopping.signal);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }

  async #listenUntilLost(onListening: () => void): Promise<void> {
    const client = this.#options.database.dedicated('intellipost-events');
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => undefined);
    client.on('error', lost.reject);
    client.on('end', () => lost.reject(new Error('the connection has ended')));
    client.on('notification', ({ channel, payload }) => this.#options.channels[channel]?.(payload ?? ''));
    try {
      await client.connect();
      for (const channel of Object.keys(this.#options.channels)) await client.query(`listen ${channel}`);
      this.#listening = true;
      onListening();
      this.#options.onListening();
      await Promise.race([lost.promise, this.#pingUntilStopped(client)]);
    } finally {
      this.#listening = false;
      client.removeAllListeners('notification');
      // not awaited: on a dead path its farewell would never be answered
      client.end().catch(() => undefined);
    }
  }

  async #pingUntilStopped(client: Client): Promise<void> {
    const { pingEveryMs = 10_000, pingTimeoutMs = 5_000 } = this.#options;
    for (;;) {
      await pause(pingEveryMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      const ping: { text: string; query_timeout: number } = { text: 'select 1', query_timeout: pingTimeoutMs };
      await client.query(ping);
    }
  }
}
