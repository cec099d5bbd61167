import type { KeyPrefix, ObjectKey } from '../../../../kernel/object-key';
import { LeaseLost, TargetBusy } from '../../domain/backup-faults';
import type { StoredObject, TargetStore } from '../../domain/target-store';
import { bytesOf, type PutDeps, putBytes } from './put-bytes';

export interface LeaseDeps extends PutDeps {
  readonly target: Pick<TargetStore, 'put' | 'get' | 'head' | 'list' | 'deleteMany'>;
}

export interface TargetLease {
  /** @throws LeaseLost */
  renew(): Promise<void>;
  release(): Promise<void>;
}

interface Link {
  readonly number: number;
  readonly key: ObjectKey;
}

const CHAIN = 'lease/chain/' as unknown as KeyPrefix;
const FREE = 'free';

/**
 * One at a time makes or prunes backups on a target, whichever database it works for. Keys are write-once, so a chain of them is a
 * compare-and-set: who holds the lease has written the highest number, renews it by writing the next one, and has lost it where
 * somebody else was there before. All times are the target's own.
 * @param holder who it is, for whoever finds it taken
 * @throws TargetBusy
 */
export async function takeLease(deps: LeaseDeps, holder: string, ttlSeconds: number): Promise<TargetLease> {
  const top = await topOfChain(deps);
  if (top && !(await isOver(deps, top))) throw new TargetBusy(await holderOf(deps, top));
  let mine = await append(deps, (top?.number ?? 0) + 1, `${holder}; for ${ttlSeconds} s`);
  if (!mine) throw new TargetBusy('another process has just begun');
  const next = async (text: string): Promise<void> => {
    const before = mine;
    const link = before && (await append(deps, before.number + 1, text));
    if (!link) throw new LeaseLost('target');
    mine = link;
  };
  return {
    renew: () => next(`${holder}; for ${ttlSeconds} s`),
    release: () => next(FREE),
  };
}

/** @returns null where somebody else has written it, or a later one */
async function append(deps: LeaseDeps, number: number, text: string): Promise<Link | null> {
  const key = `${CHAIN}${String(number).padStart(12, '0')}` as unknown as ObjectKey;
  try {
    // never the same bytes twice: those would be taken for a repetition
    await putBytes(deps, key, bytesOf(`${text}; ${Bun.randomUUIDv7()}\n`));
  } catch (error) {
    if (error instanceof Error && error.name === 'ObjectExists') return null;
    throw error;
  }
  const earlier: ObjectKey[] = [];
  for await (const object of deps.target.list(CHAIN)) {
    if (object.key > key) {
      // it had been written and removed long since: the chain has gone on
      await deps.target.deleteMany([key]);
      return null;
    }
    if (object.key < key) earlier.push(object.key);
  }
  await deps.target.deleteMany(earlier);
  return { number, key };
}

async function topOfChain({ target }: LeaseDeps): Promise<(Link & StoredObject) | null> {
  let top: StoredObject | null = null;
  for await (const object of target.list(CHAIN)) top = object;
  return top && { ...top, number: Number(top.key.slice(CHAIN.length)) };
}

async function isOver(deps: LeaseDeps, top: StoredObject): Promise<boolean> {
  const text = await textOf(deps, top.key);
  // released, or renewed while it was looked at
  if (text === null) return false;
  if (text.startsWith(FREE)) return true;
  const seconds = Number(/; for (\d+) s;/.exec(text)?.[1] ?? 0);
  return (await nowOfTarget(deps)).getTime() - top.lastModified.getTime() > seconds * 1000;
}

/** The target's clock: what it calls the time of an object that is written now. */
export async function nowOfTarget(deps: LeaseDeps): Promise<Date> {
  const key = `lease/clock/${Bun.randomUUIDv7()}` as unknown as ObjectKey;
  await putBytes(deps, key, bytesOf(`${key}\n`));
  const head = await deps.target.head(key);
  await deps.target.deleteMany([key]);
  if (!head) throw new Error('what was written to the target is not there');
  return head.lastModified;
}

async function holderOf(deps: LeaseDeps, { key }: Link): Promise<string> {
  return (await textOf(deps, key))?.split(';')[0] ?? 'another process';
}

async function textOf({ target }: LeaseDeps, key: ObjectKey): Promise<string | null> {
  try {
    return await Bun.readableStreamToText(await target.get(key));
  } catch (error) {
    if (error instanceof Error && error.name === 'ObjectMissing') return null;
    throw error;
  }
}
