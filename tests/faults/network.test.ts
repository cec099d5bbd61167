import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { photo } from '../support/photos';
import { s3Server } from '../support/s3-servers';
import { aSeller, type SellerClient } from '../support/seller-client';
import { until } from '../support/server';
import type { Fault, TcpProxy } from '../support/tcp-proxy';
import type { Sent } from './crash/ledger';
import { startLoad } from './crash/load';
import { proveWhole, unkept } from './crash/proof';
import { seeded } from './crash/random';
import { openSite, type Site, type StoreKind } from './crash/site';

// The lines between the server and what it stands on fail while it is under load, and heal. The server lives on.

/** So that what hangs is given up within the time that the line is broken. */
const IMPATIENT = {
  DATABASE_STATEMENT_TIMEOUT_MS: '600',
  DATABASE_LOCK_TIMEOUT_MS: '500',
  DATABASE_CONNECT_TIMEOUT_MS: '400',
  S3_TIMEOUT_MS: '400',
  S3_RETRIES: '1',
};
const BROKEN_MS = 900;

/** @param silentAfter so many bytes: few statements' worth to the database, part of a photo to the store */
const faults = (silentAfter: number): Readonly<Record<string, Fault>> => ({
  'refuses connections': { kind: 'refuse' },
  'resets connections': { kind: 'reset' },
  'falls silent': { kind: 'hang', direction: 'up', afterBytes: silentAfter },
  'is slow': { kind: 'slow', bytesPerSecond: 200_000 },
  'ends in half an answer': { kind: 'cut', direction: 'down', afterBytes: 3_000 },
});

const LINES: [string, StoreKind, (site: Site) => TcpProxy | null][] = [
  ['database', 'disk', ({ toDatabase }) => toDatabase],
  ['store', 's3', ({ toStore }) => toStore],
];

const minio = await s3Server('minio');

describe.each(LINES)('a line to the %s', (_name, store, lineOf) => {
  const isThere = store === 'disk' || minio !== null;
  const promise = isThere ? test : test.skip;
  let site: Site;
  let seller: SellerClient;
  let photos: Buffer[];
  const ledger: Sent[] = [];
  const random = seeded(9);

  beforeAll(async () => {
    if (!isThere) return;
    site = await openSite({ store, environment: IMPATIENT });
    seller = await aSeller(await site.start());
    photos = await Promise.all([1, 2, 3].map((seed) => photo({ seed })));
  });
  afterAll(async () => {
    await site?.stop();
  });

  promise.each(Object.entries(faults(store === 'disk' ? 2_000 : 100_000)))(
    'that %s loses nothing and leaves nothing',
    async (_fault, fault) => {
      const line = lineOf(site);
      let isOver = false;
      const load = startLoad({ seller, ledger, photos, random, isOver: () => isOver, mayBeUnavailable: true });
      await Bun.sleep(150);
      await line?.set(fault);
      await Bun.sleep(BROKEN_MS);
      // until it was put to the test: what hung for one try may still succeed by the next, and that is no trouble at all
      if (fault.kind !== 'slow') await until(() => load.failed() > 0, 'a request met the trouble');
      await line?.set({ kind: 'pass' });
      isOver = true;
      await load.ended;
      expect((await proveWhole(site, seller, ledger, true)).problems).toEqual([]);
    },
  );

  promise('that has healed leads to every byte that was ever answered for, and to nothing else', async () => {
    await site.sweep(true);
    expect(ledger.length).toBeGreaterThan(0);
    expect(await unkept(site, seller, ledger)).toEqual([]);
  });
});
