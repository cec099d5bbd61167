import { type Sha256, sha256FromHex } from '../../../kernel/sha256';
import type { StagingArea } from '../../../platform/staging/staging-area';
import { contentTypeOfKey } from '../domain/content-type';
import type { MigrationProblem, NamedObject, NamedObjects } from '../domain/object-migration';
import type { ObjectHead, ObjectStore } from '../domain/object-store';
import { ObjectExists, ObjectMissing } from '../domain/store-errors';

export interface CopyDeps {
  readonly names: Pick<NamedObjects, 'namesOf'>;
  readonly source: Pick<ObjectStore, 'head' | 'get'>;
  readonly target: Pick<ObjectStore, 'head' | 'get' | 'put'>;
  /** One object of each lane lies here while it passes. */
  readonly staging: Pick<StagingArea, 'open'>;
}

export type CopyOutcome =
  | { readonly is: 'copied'; readonly sizeBytes: number }
  | { readonly is: 'present' | 'gone' }
  | { readonly is: 'problem'; readonly problem: MigrationProblem['problem'] };

/**
 * Brings one object from store to store: read once, compared with the digest it must have, and put with it, so that the target
 * refuses what was changed on the way. Safe to repeat, and to break off at any point.
 */
export const copyObject =
  (deps: CopyDeps) =>
  async (named: NamedObject): Promise<CopyOutcome> => {
    const there = await deps.target.head(named.key);
    return there ? await compare(deps, named, there) : await copyAbsent(deps, named);
  };

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
    const head = await deps.source.head(key);
    if (!head) throw new ObjectMissing(key);
    const file = await folder.stage(await deps.source.get(key));
    const expected = sha256 ?? head.sha256;
    if (expected !== null && file.sha256 !== expected) return problem('damaged');
    await deps.target.put(key, file, head.contentType ?? contentTypeOfKey(key));
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
