import type { Log } from '../../../../kernel/log';
import type { KeyPrefix, ObjectKey } from '../../../../kernel/object-key';
import { patiently } from '../../../../kernel/patiently';
import { LeaseLost, TargetBusy } from '../../domain/backup-faults';
import type { StoredObject, TargetStore } from '../../domain/target-store';
import { bytesOf, type PutDeps, putBytes } from './put-bytes';

export interface LeaseDeps extends PutDeps {
  readonly target: Pick<TargetStore, 'put' | 'get' | 'head' | 'list' | 'deleteMany'>;
  readonly log: Log;
}

export interface TargetLease {
  /** @throws LeaseLost; AppError STORAGE_UNAVAILABLE where the target does not answer: it may be tried again */
  renew(): Promise<void>;
  release(): Promise<void>;
}

interface Link {
  readonly number: number;
  readonly key: ObjectKey;
}

const CHAIN = 'lease/chain/' as unknown as KeyPrefix;
export const CLOCK = 'lease/clock/' as unknown as KeyPrefix;
const FREE = 'free';
/** Before it is given up that the target takes a lease, milliseconds. */
const PAUSES_MS = [200, 1_000];

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
  const chain = new Chain(deps, top?.number ?? 0);
  const held = `${holder}; for ${ttlSeconds} s`;
  const isTaken = await patiently(PAUSES_MS, () => chain.extend(held)).catch(async (error: unknown) => {
    // what was written without an answer would keep everybody away for as long as it lives
    await chain.extend(FREE).catch((err: unknown) => deps.log.warn({ err }, 'a lease may be left; it ends by itself'));
    throw error;
  });
  if (!isTaken) throw new TargetBusy('another process has just begun');
  const next = async (text: string): Promise<void> => {
    if (!(await chain.extend(text))) throw new LeaseLost('target');
  };
  return { renew: () => next(held), release: () => next(FREE) };
}

/** The links that one holder has written. Its own it knows again: a put whose answer was lost has written one all the same. */
class Chain {
  private readonly holder = Bun.randomUUIDv7();

  /** @param number of the highest link that is known */
  constructor(
    private readonly deps: LeaseDeps,
    private number: number,
  ) {}

  /** Writes a new link, with a new time. @returns false where somebody else has written it, or a later one */
  async extend(text: string): Promise<boolean> {
    for (;;) {
      const link = linkOf(this.number + 1);
      const written = await this.write(link, text);
      if (written === 'by another') return false;
      // also when what follows fails: the next one comes after it
      this.number = link.number;
      if (written === 'now') return await this.isTop(link);
    }
  }

  private async write(link: Link, text: string): Promise<'now' | 'before' | 'by another'> {
    try {
      // never the same bytes twice: those would be taken for a repetition
      await putBytes(this.deps, link.key, bytesOf(`${text}; ${this.holder} ${Bun.randomUUIDv7()}\n`));
      return 'now';
    } catch (error) {
      if (!(error instanceof Error && error.name === 'ObjectExists')) throw error;
      return (await textOf(this.deps, link.key))?.includes(`; ${this.holder} `) ? 'before' : 'by another';
    }
  }

  private async isTop({ key }: Link): Promise<boolean> {
    const earlier: ObjectKey[] = [];
    for await (const object of this.deps.target.list(CHAIN)) {
      if (object.key > key) {
        // it had been written and removed long since: the chain has gone on
        await removeQuietly(this.deps, [key]);
        return false;
      }
      if (object.key < key) earlier.push(object.key);
    }
    await removeQuietly(this.deps, earlier);
    return true;
  }
}

function linkOf(number: number): Link {
  return { number, key: `${CHAIN}${String(number).padStart(12, '0')}` as unknown as ObjectKey };
}

/** Whoever has no right to delete can take a lease all the same; whoever has it tidies up with the next one. */
async function removeQuietly({ target, log }: LeaseDeps, keys: readonly ObjectKey[]): Promise<void> {
  await target.deleteMany(keys).catch((err: unknown) => log.debug({ err }, 'what the lease has left is left to prune'));
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
  const key = `${CLOCK}${Bun.randomUUIDv7()}` as unknown as ObjectKey;
  await putBytes(deps, key, bytesOf(`${key}\n`));
  const head = await deps.target.head(key);
  await removeQuietly(deps, [key]);
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
