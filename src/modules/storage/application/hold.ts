import { inLanes } from '../../../kernel/in-lanes';
import type { ObjectKey } from '../../../kernel/object-key';
import type { ObjectStore } from '../domain/object-store';
import { ALL_HELD, heldFolder, heldKey, holderOf, type Pins } from '../domain/pins';
import { ObjectExists } from '../domain/store-errors';
import { copyIfThere } from './copy-if-there';

export interface HoldDeps {
  readonly pins: Pick<Pins, 'living'>;
  readonly store: Pick<ObjectStore, 'copy' | 'head'>;
}

const LANES = 16;
const PAGE = 1000;

/**
 * Keeps a copy of each for every backup that is being made, before they are deleted. The pins are asked for here, after the deletion of
 * the rows was committed: a backup that pins later took its snapshot later, and does not name these.
 */
export async function holdForBackups({ pins, store }: HoldDeps, keys: readonly ObjectKey[]): Promise<void> {
  if (keys.length === 0) return;
  const backups = await pins.living();
  const copies = backups.flatMap((backup) => keys.map((key) => ({ key, held: heldKey(backup, key) })));
  await inLanes(each(copies), LANES, async ({ key, held }) => {
    try {
      await copyIfThere(store)(key, held);
    } catch (error) {
      // held already, by a drain that was cut short: a key is never used for other bytes
      if (!(error instanceof ObjectExists)) throw error;
    }
  });
}

export interface FreeDeps {
  readonly pins: Pick<Pins, 'living' | 'free'>;
  readonly store: Pick<ObjectStore, 'list' | 'deleteMany'>;
}

/** The backup is made, or given up: what was held for it goes now. */
export async function freeHeld({ pins, store }: FreeDeps, backupId: string): Promise<void> {
  await pins.free(backupId);
  for await (const keys of pagesOf(store, heldFolder(backupId))) await store.deleteMany(keys);
}

/**
 * Removes what is held for backups whose pin is lost. Listed first, and pins asked for afterwards: a pin is there before anything is
 * held for it. @returns how many objects
 */
export async function freeLostHeld({ pins, store }: FreeDeps): Promise<number> {
  let freed = 0;
  // lost ones go, though nothing was held for them
  await pins.living();
  for await (const keys of pagesOf(store, ALL_HELD)) {
    const living = new Set(await pins.living());
    const lost = keys.filter((key) => !living.has(holderOf(key) ?? ''));
    await store.deleteMany(lost);
    freed += lost.length;
  }
  return freed;
}

async function* pagesOf(store: Pick<ObjectStore, 'list'>, prefix: typeof ALL_HELD): AsyncGenerator<ObjectKey[]> {
  let page: ObjectKey[] = [];
  for await (const { key } of store.list(prefix)) {
    page.push(key);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}
