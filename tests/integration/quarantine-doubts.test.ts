import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { ReleaseRefused } from '../../src/modules/maintenance/domain/quarantine';
import { type AuditKit, auditKit } from '../support/audit-kit';

// Where moving an object would not be safe, it stays where it is, and what was copied of it goes.

let kit: AuditKit;
beforeAll(async () => {
  kit = await auditKit();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(() => kit.empty());

const act = (change: Parameters<AuditKit['tasks']>[0] = {}) => kit.tasks(change).audit({ mode: 'act', fresh: true });

/** A store whose copies are other bytes of the same length: only their digest tells. */
const copiesWrongly = async (from: ObjectKey, to: ObjectKey) => {
  const bytes = Buffer.from(await kit.read(from));
  bytes[0]! ^= 1;
  await kit.put(to, bytes);
};
const whyOf = async (key: ObjectKey) =>
  (await kit.db.sql<{ why: string }>("select details ->> 'why' as why from audit_findings where key = $1", [key]))[0]
    ?.why;

/** As a process leaves it that died right after it had written down that it moves an object. */
async function begunMove(key: ObjectKey, listed: string): Promise<string> {
  const quarantineKey = `quarantine/1/${key}`;
  await kit.db.sql(
    "insert into quarantined_objects (key, quarantine_key, file_size_bytes, sha256, reason, state) values ($1, $2, $3, $4, 'a test', 'moving')",
    [key, quarantineKey, listed.length, sha256OfBytes(listed)],
  );
  return quarantineKey;
}

test('an object whose copy turns out to be other bytes stays, and the copy goes', async () => {
  const key = await kit.strayObject('the only bytes there are');
  expect((await act({ store: { copy: copiesWrongly } })).counts).toMatchObject({ orphan: 1, reported: 1 });
  expect(await whyOf(key)).toBe('its copy was not the same');
  expect(await kit.keys()).toEqual([key]);
  expect(await kit.journal()).toEqual([]);
});

test('an object that gets a name while it is copied stays, and the copy goes', async () => {
  const key = await kit.strayObject();
  let copied = false;
  const copy = async (from: ObjectKey, to: ObjectKey) => {
    await kit.store.copy(from, to);
    await kit.db.sql("insert into intents (kind, prefix, expires_at) values ('upload', $1, now() + interval '1 h')", [
      key,
    ]);
    copied = true;
  };
  expect((await act({ store: { copy } })).counts).toMatchObject({ orphan: 1, cleared: 1 });
  expect([copied, await kit.keys(), await kit.journal()]).toEqual([true, [key], []]);
});

test('a key that is too long for quarantine is reported, and its object stays', async () => {
  const key = `products/${'a'.repeat(200)}/${'b'.repeat(200)}/${'c'.repeat(200)}/${'d'.repeat(200)}/${'e'.repeat(200)}`;
  await kit.put(key as ObjectKey, Buffer.from('far away'));
  expect((await act()).counts).toMatchObject({ orphan: 1, reported: 1 });
  expect(await whyOf(key as ObjectKey)).toBe('no store could hold its key in quarantine');
  expect(await kit.keys()).toEqual([key]);
});

test('a move that was begun of bytes which have changed since is taken back', async () => {
  const key = await kit.strayObject('what is there now');
  await begunMove(key, 'what was listed..');
  await act({ config: { minAgeSeconds: 3600 } });
  expect(await kit.read(key)).toBe('what is there now');
  expect([await kit.keys(), await kit.journal()]).toEqual([[key], []]);
});

test('a move that was begun of an object which is gone is forgotten', async () => {
  await begunMove((await kit.strayObject('kept')) as ObjectKey, 'kept');
  await kit.store.deleteMany((await kit.keys()) as ObjectKey[]);
  await act();
  expect([await kit.keys(), await kit.journal()]).toEqual([[], []]);
});

test('a move that was begun and whose object is in quarantine alone is ended', async () => {
  const key = await kit.strayObject('moved');
  const quarantineKey = (await begunMove(key, 'moved')) as ObjectKey;
  await kit.store.copy(key, quarantineKey);
  await kit.store.deleteMany([key]);
  await act();
  expect([await kit.keys(), await kit.journal()]).toEqual([[quarantineKey], [{ key, state: 'held' }]]);
});

test('what comes back as other bytes than were put aside is not taken for released', async () => {
  const key = await kit.strayObject('the only bytes there are');
  await act();
  const [quarantineKey] = (await kit.keys()) as [ObjectKey];
  await expect(kit.tasks({ store: { copy: copiesWrongly } }).release(key)).rejects.toThrow(ReleaseRefused);
  expect(await kit.read(quarantineKey)).toBe('the only bytes there are');
  expect(await kit.journal()).toEqual([{ key, state: 'held' }]);
  // an operator takes the wrong bytes away, and then it comes back
  await kit.store.deleteMany([key]);
  await kit.tasks().release(key);
  expect([await kit.read(key), await kit.journal()]).toEqual([
    'the only bytes there are',
    [{ key, state: 'released' }],
  ]);
});
