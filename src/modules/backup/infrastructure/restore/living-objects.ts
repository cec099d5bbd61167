import { sha256FromHex } from '../../../../kernel/sha256';
import type { Database } from '../../../../platform/database/database';
import { namedObjectCount } from '../../../../platform/database/named-object-count';
import { unlessCancelled } from '../../../../platform/database/unless-cancelled';
import type { LivingObject, LivingObjects } from '../../domain/restore';
import { LIVING_PAGE } from '../object-queries';

const PAGE = 500;

type Row = { image_id: string; sha256: string | null; size: number | null; role: LivingObject['role']; key: string };

/** A page at a time, so that what is deleted meanwhile is not taken for living hours later. */
export function postgresLivingObjects(database: Pick<Database, 'query' | 'orm'>): LivingObjects {
  return {
    count: () => unlessCancelled(() => namedObjectCount(database.orm)),

    async *objects() {
      for (let after: string | null = null; ; ) {
        const page: Row[] = (await database.query(LIVING_PAGE, [after, PAGE])).rows as Row[];
        if (page.length === 0) return;
        for (const { sha256, size, role, key } of page)
          yield {
            key: key as unknown as LivingObject['key'],
            sha256: sha256 === null ? null : sha256FromHex(sha256),
            sizeBytes: size,
            role,
          };
        after = page.at(-1)?.image_id ?? null;
      }
    },
  };
}
