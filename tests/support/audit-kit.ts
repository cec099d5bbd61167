import { type AttemptId, newId, type ProductId } from '../../src/kernel/ids';
import { attemptPrefix, type KeyPrefix, type ObjectKey } from '../../src/kernel/object-key';
import { type AuditPartsDeps, auditTasks } from '../../src/modules/maintenance/audit-parts';
import { postgresAuditFindings } from '../../src/modules/maintenance/infrastructure/postgres-audit-findings';
import { silentLog } from './log';
import { revocationKit } from './revocation-kit';
import type { UploadKitOptions } from './upload-kit';

export type AuditKit = Awaited<ReturnType<typeof auditKit>>;

const CONFIG = { minAgeSeconds: 0, maxShare: 0.01, brakeMin: 100, sampleShare: 0, quarantineTtlSeconds: 3600 };

type Change = Partial<Omit<AuditPartsDeps, 'config' | 'store'>> & {
  config?: Partial<AuditPartsDeps['config']>;
  store?: Partial<AuditPartsDeps['store']>;
};

/** The audit on a real database and store, with products that were really uploaded. */
export async function auditKit(options: UploadKitOptions = {}) {
  const kit = await revocationKit(options);
  const { store } = kit.storage;
  const asIs: AuditPartsDeps['store'] = {
    kind: store.kind,
    list: (prefix, after) => store.list(prefix, after),
    head: (key) => store.head(key),
    get: (key) => store.get(key),
    copy: (from, to) => store.copy(from, to),
    deleteMany: (keys) => store.deleteMany(keys),
    check: () => store.check(),
  };

  /** As many as a test wants: each is another process as far as database and store can tell. */
  const tasks = ({ config, store: changed, ...change }: Change = {}) =>
    auditTasks({
      database: kit.db.database,
      log: silentLog,
      staging: kit.staging,
      store: { ...asIs, ...changed },
      buckets: kit.storage.buckets,
      namesOf: kit.storage.namesOf,
      ...change,
      config: { ...CONFIG, ...config },
    });

  /** What the sweep does. */
  const endReleases = () => tasks().releaseEnding.run(new AbortController().signal);

  return {
    ...kit,
    store: asIs,
    tasks,
    endReleases,

    async anHourLater() {
      await kit.db.sql("update quarantined_objects set quarantined_at = quarantined_at - interval '61 minutes'");
      return await endReleases();
    },

    /** What is in quarantine, or on its way. */
    journal: () => kit.db.sql<{ key: string; state: string }>('select key, state from quarantined_objects'),

    async intoQuarantine(content?: string): Promise<ObjectKey> {
      const key = await this.strayObject(content);
      await tasks().audit({ mode: 'act' });
      return key;
    },

    /** An object under a key as this software makes them. */
    async strayObject(content = 'a stray object', prefix: KeyPrefix = aPrefix()): Promise<ObjectKey> {
      const key = `${prefix}${Bun.randomUUIDv7()}/original.jpg` as ObjectKey;
      await kit.put(key, Buffer.from(content));
      return key;
    },

    async replace(key: ObjectKey, content: Uint8Array): Promise<void> {
      await store.deleteMany([key]);
      await kit.put(key, content);
    },

    /** Kind and state of what the last audit found, by key. */
    async findings(): Promise<Record<string, string>> {
      const [run] = await kit.db.sql<{ id: string }>(
        "select coalesce(findings_run_id, id) as id from maintenance_runs where task = 'audit' order by id desc limit 1",
      );
      const rows = await postgresAuditFindings(kit.db.database.orm).page(Number(run?.id), null, 5000);
      return Object.fromEntries(rows.map(({ key, kind, state }) => [key, `${kind} ${state}`]));
    },

    read: async (key: ObjectKey) => new Response(await store.get(key)).text(),

    /** Nothing of an earlier test is left. */
    async empty(): Promise<void> {
      await kit.db.sql(
        'delete from users; delete from intents; delete from maintenance_runs; delete from quarantined_objects; delete from maintenance_hold',
      );
      await store.deleteMany((await kit.keys()) as ObjectKey[]);
      await kit.seller(); // a database that has served somebody
    },
  };
}

export function aPrefix(): KeyPrefix {
  return attemptPrefix(newId<ProductId>(), newId<AttemptId>());
}
