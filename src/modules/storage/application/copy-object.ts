import type { ObjectKey } from '../../../kernel/object-key';
import { patiently } from '../../../kernel/patiently';
import { type Sha256, sha256FromHex } from '../../../kernel/sha256';
import type { StagedFile } from '../../../kernel/staged-file';
import { unlessUnreadable } from '../../../kernel/unless-unreadable';
import type { StagingArea } from '../../../platform/staging/staging-area';
import { contentTypeOfKey } from '../domain/content-type';
import type { MigrationProblem, NamedObject, NamedObjects } from '../domain/object-migration';
import type { ObjectHead, ObjectStore } from '../domain/object-store';
import { ObjectExists, ObjectMissing } from '../domain/store-errors';

export interface CopyDeps {
  readonly names: Pick<NamedObjects, 'namesOf'>;
  readonly source: Pick<ObjectStore, 'head' | 'get' | 'check'>;
  readonly target: Pick<ObjectStore, 'head' | 'get' | 'put' | 'check'>;
  /** One object of each lane lies here while it passes. */
  readonly staging: Pick<StagingArea, 'open'>;
}

export type CopyOutcome =
  | { readonly is: 'copied'; readonly sizeBytes: number }
  | { readonly is: 'present' | 'gone' }
  | { readonly is: 'problem'; readonly problem: MigrationProblem['problem'] };

type Folder = Awaited<ReturnType<CopyDeps['staging']['open']>>;

const PAUSES_MS = [500, 2_000];

/**
 * Brings one object from store to store: read once, compared with the digest it must have, and put with it, so that the target
 * refuses what was changed on the way. Safe to repeat, and to break off at any point.
 * @throws AppError STORAGE_UNAVAILABLE where either store is out of order for longer than the retries, or the target takes no bytes
 */
export const copyObject =
  (deps: CopyDeps) =>
  async (named: NamedObject): Promise<CopyOutcome> => {
    const there = await readable(deps, () => deps.target.head(named.key));
    if (there === undefined) return problem('unreadable');
    if (!there) return await copyAbsent(deps, named);
    return (await readable(deps, () => compare(deps, named, there))) ?? problem('unreadable');
  };

/** What is put is not asked about so: a target that is full answers all the same, and would call every object unreadable. */
function readable<Result>({ source, target }: CopyDeps, read: () => Promise<Result>): Promise<Result | undefined> {
  const both = { check: async () => void (await Promise.all([source.check(), target.check()])) };
  return unlessUnreadable(both, () => patiently(PAUSES_MS, read));
}

/** What the source has lost since it was copied can no longer be compared. */
async function compare(deps: CopyDeps, { key, sha256 }: NamedObject, there: ObjectHead): Promise<CopyOutcome> {
  const atSource = sha256 === null ? await deps.source.head(key) : null;
  const expected = sha256 ?? (atSource && (await digestOf(deps.source, atSource)));
  const isSame = expected === null || expected === (await digestOf(deps.target, there));
  return isSame ? { is: 'present' } : problem('differs');
}

async function copyAbsent(deps: CopyDeps, { key, sha256 }: NamedObject): Promise<CopyOutcome> {
  const folder = await deps.staging.open();
  try {
    const read = await readable(deps, () => stagedFrom(deps.source, key, folder));
    if (!read) return problem('unreadable');
    const { head, file } = read;
    const expected = sha256 ?? head.sha256;
    if (expected !== null && file.sha256 !== expected) return problem('damaged');
    await patiently(PAUSES_MS, () => deps.target.put(key, file, head.contentType ?? contentTypeOfKey(key)));
    return { is: 'copied', sizeBytes: file.sizeBytes };
  } catch (error) {
    if (error instanceof ObjectExists) return problem('differs');
    if (!(error instanceof ObjectMissing)) throw error;
    const names = await deps.names.namesOf([key]);
    return names.get(key) === 'row' ? problem('missing') : { is: 'gone' };
  } finally {
    await folder.remove();
  }
}

/** @throws ObjectMissing */
async function stagedFrom(
  source: CopyDeps['source'],
  key: ObjectKey,
  folder: Folder,
): Promise<{ head: ObjectHead; file: StagedFile }> {
  const head = await source.head(key);
  if (!head) throw new ObjectMissing(key);
  return { head, file: await folder.stage(await source.get(key)) };
}

/** Where a store keeps no digest (the object was brought there by other means), the bytes are read. */
async function digestOf(store: Pick<ObjectStore, 'get'>, { key, sha256 }: ObjectHead): Promise<Sha256> {
  if (sha256 !== null) return sha256;
  const hasher = new Bun.CryptoHasher('sha256');
  for await (const chunk of await store.get(key)) hasher.update(chunk);
  return sha256FromHex(hasher.digest('hex'));
}

function problem(which: MigrationProblem['problem']): CopyOutcome {
  return { is: 'problem', problem: which };
}
