import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import { s3ConfigFor } from '../contracts/s3-harness';
import { type AuditKit, auditKit } from '../support/audit-kit';
import { photo } from '../support/photos';
import { s3Server } from '../support/s3-servers';
import { PROMPT, productParts } from '../support/upload-kit';

// A released object is back under a key that was deleted before: its copy in quarantine outlives every request of that time.

const minio = await s3Server('minio');

describe.each([
  ['the disk store', true, () => auditKit()],
  ['MinIO', minio !== null, () => auditKit(minio ? { s3: s3ConfigFor(minio) } : {})],
] as const)('a release from quarantine on %s', (_name, isThere, start) => {
  const promise = isThere ? test : test.skip;
  let kit: AuditKit;
  beforeAll(async () => {
    if (isThere) kit = await start();
  }, 120_000);
  afterAll(() => kit?.stop());
  beforeEach(() => (isThere ? kit.empty() : undefined));

  promise(
    'the copy of a released object stays for an hour, and is no object that can be deleted by its age',
    async () => {
      const key = await kit.intoQuarantine('back again');
      await kit.tasks().release(key);
      expect(await kit.endReleases()).toEqual({ releases_ended: 0, held_again: 0 });
      expect(await kit.keys()).toHaveLength(2);
      const { quarantineExpiry, quarantined } = kit.tasks({ config: { quarantineTtlSeconds: 1 } });
      await kit.db.sql("update quarantined_objects set quarantined_at = now() - interval '59 minutes'");
      await kit.endReleases();
      expect(await quarantineExpiry.run(new AbortController().signal)).toEqual({ quarantined_objects: 0 });
      expect(await quarantined(null, 10)).toMatchObject([{ key, state: 'released' }]);
      expect(await kit.keys()).toHaveLength(2);
    },
  );

  promise('what a row names again is not deleted when its time is over, until it is released', async () => {
    const [key, other] = [await kit.intoQuarantine('the rows were away'), await kit.intoQuarantine('nobody’s')];
    const { product } = await kit.create(await kit.seller(), productParts(PROMPT, [await photo({ seed: 1 })]));
    await kit.db.sql('update product_images set original_s3_url = $1 where product_id = $2', [
      `s3://${kit.storage.store.bucket}/${key}`,
      product.id,
    ]);
    await kit.db.sql("update quarantined_objects set quarantined_at = now() - interval '1 year'");
    const { signal } = new AbortController();
    const { quarantineExpiry, quarantined, release } = kit.tasks();
    expect(await quarantineExpiry.run(signal)).toEqual({ quarantined_objects: 1, still_named: 1 });
    expect(await quarantined(null, 10)).toMatchObject([{ key, state: 'held' }]);
    await release(key);
    expect(await kit.read(key)).toBe('the rows were away');
    expect((await kit.keys()).some((each) => each.includes(other))).toBe(false);
  });

  promise('a deletion that comes after the release, of a process that had lost the lock, takes no byte', async () => {
    const key = await kit.strayObject('the only bytes there are');
    const [sent, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const deleteMany = async (keys: readonly ObjectKey[]) => {
      if (!keys.includes(key)) return kit.store.deleteMany(keys);
      sent.resolve();
      await answered.promise;
      return kit.store.deleteMany(keys);
    };
    const moving = kit.tasks({ store: { deleteMany } }).audit({ mode: 'act' });
    const failed = moving.then(() => 'ended').catch((error: Error) => error.message);
    await sent.promise;
    await kit.db.sql(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
        and (classid::bigint << 32 | objid::bigint) = hashtextextended('intellipost maintenance quarantine', 0)
        and database = (select oid from pg_database where datname = current_database())`,
    );
    // nobody waits for the answer any more
    expect(await failed).toContain('the connection that held the lock of the task was lost');
    await kit.tasks().release(key);
    expect(await kit.read(key)).toBe('the only bytes there are');
    answered.resolve();
    while ((await kit.store.head(key)) !== null) await Bun.sleep(5);
    expect(await kit.anHourLater()).toEqual({ releases_ended: 0, held_again: 1 });
    expect(await kit.journal()).toEqual([{ key, state: 'held' }]);
    await kit.tasks().release(key);
    expect(await kit.read(key)).toBe('the only bytes there are');
  });

  promise('a released object that is gone comes back at once when it is released again', async () => {
    const key = await kit.intoQuarantine('twice');
    await kit.tasks().release(key);
    await kit.tasks().release(key);
    await kit.store.deleteMany([key]);
    await kit.tasks().release(key);
    expect(await kit.read(key)).toBe('twice');
    expect(await kit.journal()).toEqual([{ key, state: 'released' }]);
  });

  promise.each(['at its key still', 'gone'])(
    'a released object whose deletion was asked for, and that is %s, leaves no copy behind its next sweep',
    async (where) => {
      const key = await kit.intoQuarantine('given its row, and deleted');
      const other = await kit.intoQuarantine('not deleted');
      await kit.tasks().releaseAll();
      await kit.db.sql(
        "insert into intents (kind, prefix, state, expires_at) values ('delete', $1, 'draining', now())",
        [key],
      );
      if (where === 'gone') await kit.store.deleteMany([key]);
      expect(await kit.endReleases()).toEqual({ releases_ended: 1, held_again: 0 });
      // its tombstone is buried by now
      await kit.db.sql('delete from intents');
      await kit.store.deleteMany([key]);
      expect(await kit.anHourLater()).toEqual({ releases_ended: 1, held_again: 0 });
      expect([await kit.keys(), await kit.journal()]).toEqual([[other], []]);
    },
  );

  promise('a release that was killed is ended while upkeep is on hold', async () => {
    const [one, all] = [await kit.intoQuarantine('one'), await kit.intoQuarantine('all')];
    await kit.db.sql("insert into maintenance_hold (reason) values ('a recovery')");
    for (const [key, release] of [
      [one, () => kit.tasks().release(one)],
      [all, () => kit.tasks().releaseAll()],
    ] as const) {
      await kit.db.sql("update quarantined_objects set state = 'releasing' where key = $1", [key]);
      await release();
    }
    expect([await kit.read(one), await kit.read(all)]).toEqual(['one', 'all']);
    expect((await kit.journal()).map(({ state }) => state)).toEqual(['released', 'released']);
  });

  promise('while upkeep is on hold an object can be released, and no move that was begun is ended', async () => {
    const key = await kit.intoQuarantine('wanted back');
    const moving = await kit.strayObject('on its way');
    await kit.db.sql(
      `insert into quarantined_objects (key, quarantine_key, file_size_bytes, reason, state)
        values ($1, $2, 10, 'a test', 'moving')`,
      [moving, `quarantine/1/${moving}`],
    );
    await kit.db.sql("insert into maintenance_hold (reason) values ('a recovery')");
    await kit.tasks().release(key);
    expect(await kit.tasks().releaseAll()).toEqual({ released: 0, refused: [] });
    await expect(kit.tasks().release(moving)).rejects.toThrow('its bytes are not in quarantine');
    expect([await kit.read(key), await kit.read(moving)]).toEqual(['wanted back', 'on its way']);
    expect(await kit.keys()).toHaveLength(3);
    await kit.db.sql('delete from maintenance_hold');
    await kit.tasks().release(key);
    expect(await kit.keys()).not.toContain(moving);
  });
});
