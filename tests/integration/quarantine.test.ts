import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import { ReleaseRefused } from '../../src/modules/maintenance/domain/quarantine';
import { s3ConfigFor } from '../contracts/s3-harness';
import { type AuditKit, auditKit } from '../support/audit-kit';
import { s3Server } from '../support/s3-servers';

const minio = await s3Server('minio');
const HELD = /^quarantine\/\d+\/products\//;

class Killed extends Error {}

/** Ends the process at its nth step, before it is taken or after; every call that changes store or journal is a step. */
function mortal(nth: number, isAfter: boolean) {
  let steps = 0;
  return {
    get steps() {
      return steps;
    },
    step:
      <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        steps += 1;
        if (steps > nth || (steps === nth && !isAfter)) throw new Killed(); // the dead do nothing any more
        const result = await work(...args);
        if (steps === nth) throw new Killed();
        return result;
      },
  };
}

describe.each([
  ['the disk store', true, () => auditKit()],
  ['MinIO', minio !== null, () => auditKit(minio ? { s3: s3ConfigFor(minio) } : {})],
] as const)('quarantine on %s', (_name, isThere, start) => {
  const promise = isThere ? test : test.skip;
  let kit: AuditKit;
  beforeAll(async () => {
    if (isThere) kit = await start();
  }, 120_000);
  afterAll(() => kit?.stop());
  beforeEach(() => (isThere ? kit.empty() : undefined));

  const act = () => kit.tasks().audit({ mode: 'act' });
  /** A process whose store and database die with it at one of their changes. */
  function dying(nth: number, isAfter: boolean) {
    const life = mortal(nth, isAfter);
    const { store } = kit;
    const orm = kit.db.database.orm;
    const changes = new Set(['insert', 'update', 'delete']);
    // a change of the database is a step when it is sent
    const dead = new Proxy(orm, {
      get: (from, name) => {
        const value = Reflect.get(from, name, from) as unknown;
        if (typeof value !== 'function') return value;
        if (!changes.has(String(name))) return value.bind(from);
        return (...args: unknown[]) => stepOnThen(value.apply(from, args) as object, life.step);
      },
    });
    const database = Object.create(kit.db.database, { orm: { value: dead } });
    const tasks = kit.tasks({
      database,
      store: { copy: life.step(store.copy), deleteMany: life.step(store.deleteMany) },
    });
    return { life, tasks };
  }

  promise.each([
    ['before', false],
    ['after', true],
  ])(
    'a move that is killed %s any of its steps is ended by the next audit, and no byte is lost on the way',
    async (_, isAfter) => {
      for (let nth = 1; ; nth += 1) {
        await kit.empty();
        const key = await kit.strayObject(`bytes of ${nth}`);
        const { tasks, life } = dying(nth, isAfter);
        const died = await tasks.audit({ mode: 'act' }).then(
          () => false,
          (error: unknown) => {
            expect(error).toBeInstanceOf(Killed);
            return true;
          },
        );
        for (const left of await kit.keys()) expect(await kit.read(left as ObjectKey)).toBe(`bytes of ${nth}`);
        expect((await kit.keys()).length).toBeGreaterThan(0);
        await act();
        expect(await kit.journal()).toEqual([{ key, state: 'held' }]);
        const [only, ...others] = await kit.keys();
        expect(others).toEqual([]);
        expect(only).toMatch(HELD);
        expect(await kit.read(only as ObjectKey)).toBe(`bytes of ${nth}`);
        if (died) continue;
        expect(life.steps).toBe(9);
        return;
      }
    },
    60_000,
  );

  promise.each([
    ['before', false],
    ['after', true],
  ])(
    'a release that is killed %s any of its steps is ended by the next, and no byte is lost on the way',
    async (_, isAfter) => {
      for (let nth = 1; ; nth += 1) {
        await kit.empty();
        const key = await kit.intoQuarantine('kept');
        const died = await dying(nth, isAfter)
          .tasks.release(key)
          .then(
            () => false,
            () => true,
          );
        expect((await kit.keys()).length).toBeGreaterThan(0);
        await kit.tasks().releaseAll();
        for (const left of await kit.keys()) expect(await kit.read(left as ObjectKey)).toBe('kept');
        expect(await kit.journal()).toEqual([{ key, state: 'released' }]);
        await kit.anHourLater();
        expect(await kit.keys()).toEqual([key]);
        expect(await kit.read(key)).toBe('kept');
        expect(await kit.journal()).toEqual([]);
        if (!died) return;
      }
    },
    60_000,
  );

  promise('an object comes back to its key, and is young there for the next audit', async () => {
    const key = await kit.intoQuarantine('back again');
    expect(await kit.keys()).not.toContain(key);
    await kit.tasks().release(key);
    expect(await kit.read(key)).toBe('back again');
    await kit.tasks({ config: { minAgeSeconds: 3600 } }).audit({ mode: 'act' });
    await kit.anHourLater();
    expect(await kit.keys()).toEqual([key]);
  });

  promise('an object stays in quarantine where its key holds other bytes, or is about to be deleted', async () => {
    const key = await kit.intoQuarantine();
    await kit.put(key, Buffer.from('written since'));
    await expect(kit.tasks().release(key)).rejects.toThrow(ReleaseRefused);
    expect(await kit.read(key)).toBe('written since');
    await kit.store.deleteMany([key]);
    await kit.db.sql("insert into intents (kind, prefix, state, expires_at) values ('delete', $1, 'draining', now())", [
      key,
    ]);
    expect(await kit.tasks().releaseAll()).toMatchObject({ released: 0, refused: [{ key }] });
    expect(await kit.journal()).toEqual([{ key, state: 'held' }]);
    expect(await kit.keys()).toHaveLength(1);
    await expect(kit.tasks().release('products/none' as ObjectKey)).rejects.toThrow('not in quarantine');
  });

  promise('a key of which another object is in quarantine is reported, and stays', async () => {
    const key = await kit.intoQuarantine();
    await kit.put(key, Buffer.from('written since'));
    expect((await act()).counts).toMatchObject({ orphan: 1, reported: 1 });
    expect(await kit.read(key)).toBe('written since');
  });

  promise('what has been there for its time is deleted for good, and nothing else', async () => {
    const old = await kit.intoQuarantine('old');
    const fresh = await kit.intoQuarantine('fresh');
    await kit.db.sql("update quarantined_objects set quarantined_at = now() - interval '2 hours' where key = $1", [
      old,
    ]);
    const expiry = kit.tasks().quarantineExpiry;
    expect(await expiry.preview()).toEqual({ quarantined_objects: 1 });
    const { signal } = new AbortController();
    await expect(dying(2, false).tasks.quarantineExpiry.run(signal)).rejects.toThrow(Killed);
    await expect(kit.tasks().release(old)).rejects.toThrow('being deleted');
    expect(await expiry.run(signal)).toEqual({ quarantined_objects: 1 });
    expect(await kit.journal()).toEqual([{ key: fresh, state: 'held' }]);
    expect(await Promise.all((await kit.keys()).map((key) => kit.read(key as ObjectKey)))).toEqual(['fresh']);
  });

  promise('no URL is signed for what is in quarantine, and no signature opens it', async () => {
    await kit.intoQuarantine('a secret');
    const [key] = (await kit.keys()) as [ObjectKey];
    const { store } = kit.storage;
    const times = { issuedAt: new Date(), expiresAt: new Date(Date.now() + 60_000) };
    expect(() => store.signGet({ key, ...times })).toThrow(TypeError);
    const put = { key, ...times, contentType: 'image/jpeg', sizeBytes: 1, sha256: '0'.repeat(64) as never };
    expect(() => store.signPut(put)).toThrow(TypeError);
    if (store.kind === 's3') return;
    // as somebody would who has the secret
    const ours = new URL(store.signGet({ key: 'products/a' as ObjectKey, ...times }));
    const parameters = [['expires', ours.searchParams.get('expires')]];
    const text = JSON.stringify(['files-v1', 'GET', store.bucket, key, parameters]);
    const signature = new Bun.CryptoHasher('sha256', 'secret of tests').update(text).digest('base64url');
    const answer = await fetch(
      `${ours.origin}/files/${store.bucket}/${key}?expires=${parameters[0]?.[1]}&signature=${signature}`,
    );
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain('a secret');
  });
});

/** The query is sent when it is awaited: then it is a step. */
function stepOnThen(query: object, step: <R>(work: () => Promise<R>) => () => Promise<R>): object {
  return new Proxy(query, {
    get: (from, name) => {
      const value = Reflect.get(from, name, from) as unknown;
      if (typeof value !== 'function') return value;
      if (name === 'then') {
        const sent = step(() => Promise.resolve(from as PromiseLike<unknown>));
        return (...args: Parameters<Promise<unknown>['then']>) => sent().then(...args);
      }
      return (...args: unknown[]) => {
        const next = value.apply(from, args) as unknown;
        return typeof next === 'object' && next !== null ? stepOnThen(next, step) : next;
      };
    },
  });
}
