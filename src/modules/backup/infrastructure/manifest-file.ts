import { z } from 'zod';
import { objectKey } from '../../../kernel/object-key';
import { sha256FromHex, sha256OfBytes } from '../../../kernel/sha256';
import { BackupDamaged, NewerBackup } from '../domain/backup-faults';
import type { BackupId } from '../domain/layout';
import { FORMAT, type Manifest } from '../domain/manifest';
import type { ManifestFormat } from '../domain/manifest-format';

const count = z.number().int().nonnegative();
const instant = z.iso.datetime().transform((text) => new Date(text));
const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .transform(sha256FromHex);
const identifier = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);

const segment = z.object({
  key: z.string().transform(objectKey),
  lines: count,
  bytes: count,
  sha256: digest,
  storedBytes: count,
});
const lines = { lines: count, bytes: count, sha256: digest, segments: z.array(segment) };

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  backupId: z.uuid().transform((id) => id as unknown as BackupId),
  version: z.string(),
  encryption: z.enum(['none', 'age']),
  compression: z.literal('zstd'),
  bucket: z.string(),
  schema: z.object({ lastMigration: count, migrations: count }),
  snapshotAt: instant,
  startedAt: instant,
  endedAt: instant,
  serverVersion: z.string(),
  tables: z.array(z.object({ name: identifier, columns: z.array(identifier).min(1), ...lines })),
  sequences: z.array(z.object({ name: identifier, lastValue: z.number().int().nullable() })),
  objects: z.object({
    list: z.object(lines),
    runs: z.array(count),
    absent: z.object(lines),
    sent: z.object({ count, bytes: count }),
    present: count,
  }),
  seconds: z.object({ tables: z.number(), objects: z.number(), total: z.number() }),
}) satisfies z.ZodType<Manifest>;

/**
 * Two lines: the manifest as JSON, and its sha-256. So a manifest that lost its end, or a digit, is none: without encryption and on a
 * plain disk nothing else would notice.
 */
export const manifestFile: ManifestFormat = {
  write(manifest) {
    const json = JSON.stringify(manifest);
    return `${json}\n${sha256OfBytes(json)}\n`;
  },

  read(text) {
    const [json = '', digestLine, end, ...more] = text.split('\n');
    const isWhole = digestLine === sha256OfBytes(json) && end === '' && more.length === 0;
    if (!isWhole) throw new BackupDamaged('manifest', 'is cut short or changed');
    const data: unknown = JSON.parse(json);
    const format = z.object({ format: z.number() }).safeParse(data).data?.format;
    if (format === undefined || format > FORMAT) throw new NewerBackup(format);
    const parsed = manifestSchema.safeParse(data);
    if (!parsed.success)
      throw new BackupDamaged('manifest', `does not fit its format: ${z.prettifyError(parsed.error)}`);
    return parsed.data;
  },
};
