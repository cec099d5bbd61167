import type { CrashPoint } from '../../support/crash-points';
import type { StoreKind } from './site';

const INTENT = /^insert into intents/;
const SETTLE = /^delete from intents/;
/** A product and its images. */
const INSERT = /insert into products /;
const VARIANTS = /^insert into image_variants/;
const COMMIT = /^commit/;

const inDatabase = (when: 'before' | 'answered', ...statements: RegExp[]) => ({
  on: 'database' as const,
  when,
  statements,
});
const inStore = (when: 'half a body' | 'answered', request: RegExp): CrashPoint => ({ on: 'store', when, request });
const inFolder = (isReached: Extract<CrashPoint, { on: 'folder' }>['isReached']): CrashPoint => ({
  on: 'folder',
  isReached,
});

/** Where both stores are killed: what the server and its database say to each other. */
const COMMON: Readonly<Record<string, CrashPoint>> = {
  'before the intent': inDatabase('before', INTENT),
  'after the intent': inDatabase('answered', INTENT, COMMIT),
  'inside the transaction': inDatabase('before', SETTLE, INSERT),
  'after the commit, before the answer': inDatabase('answered', SETTLE, INSERT, COMMIT),
  'deleted, nothing of it removed': inDatabase('answered', /^delete from products/, COMMIT),
  'half a re-key: copied, not committed': inDatabase('before', SETTLE, /^update product_images i set original_s3_url/),
  'half a re-key: committed, nothing removed': inDatabase(
    'answered',
    /^update product_images i set original_s3_url/,
    COMMIT,
  ),
  'half a prepare: stored, not committed': { ...inDatabase('before', VARIANTS), isPreparing: true },
  'half a prepare: committed, not told': { ...inDatabase('answered', VARIANTS, COMMIT), isPreparing: true },
};

const ON_S3: Readonly<Record<string, CrashPoint>> = {
  'half a put': inStore('half a body', /^PUT (?![\s\S]*\nx-amz-copy-source)/i),
  'after a put': inStore('answered', /^PUT (?![\s\S]*\nx-amz-copy-source)/i),
  'half a delete': inStore('answered', /^POST [^ ]*\?delete/),
  'half a re-key: one copied': inStore('answered', /^PUT [\s\S]*\nx-amz-copy-source/i),
};

/** A folder is no object. */
const isObject = (path: string) => /^intellipost-images\/.+\/original\.\w+$/.test(path);
const isNew = (before: ReadonlySet<string>, path: string) => isObject(path) && !before.has(path);

const ON_DISK: Readonly<Record<string, CrashPoint>> = {
  'half a put': inFolder((_before, now) => [...now].some((path) => path.startsWith('.incoming/'))),
  'after a put': inFolder((before, now) => [...now].some((path) => isNew(before, path))),
  'half a delete': inFolder((before, now) => [...before].some((path) => isObject(path) && !now.has(path))),
  'half a re-key: one copied': inFolder((before, now) =>
    [...now].some((path) => isNew(before, path) && isCopy(now, path)),
  ),
};

/** Another attempt's folder of the same product has the same image: `{bucket}/products/{product}/{attempt}/{image}/{kind}`. */
function isCopy(now: ReadonlySet<string>, path: string): boolean {
  const image = withoutAttempt(path);
  return [...now].some((other) => other !== path && isObject(other) && withoutAttempt(other) === image);
}

function withoutAttempt(path: string): string {
  return path.split('/').toSpliced(3, 1).join('/');
}

/**
 * Where a server is killed, by name. Whoever adds a step that writes objects adds its points here.
 */
export function crashPoints(store: StoreKind): Readonly<Record<string, CrashPoint>> {
  return { ...COMMON, ...(store === 's3' ? ON_S3 : ON_DISK) };
}
