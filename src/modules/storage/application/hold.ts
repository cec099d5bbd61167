import { inLanes } from '../../../kernel/in-lanes';
import { inPages } from '../../../kernel/in-pages';
import type { ObjectKey } from '../../../kernel/object-key';
import { notDeletedOf, type ObjectsNotDeleted } from '../../../kernel/objects-not-deleted';
import { unlessUnreadable } from '../../../kernel/unless-unreadable';
import type { ObjectStore } from '../domain/object-store';
import { ALL_HELD, heldFolder, heldKey, holderOf, type Pins } from '../domain/pins';
import { ObjectExists } from '../domain/store-errors';
import { copyIfThere } from './copy-if-there';

export interface HoldDeps {
  readonly pins: Pick<Pins, 'living'>;
  readonly store: Pick<ObjectStore, 'copy' | 'head' | 'check'>;
}

const LANES = 16;
const PAGE = 1000;

/**
 * Keeps a copy of each for every backup that is being made, before they are deleted. The pins are asked for here, after the deletion of
 * the rows was committed: a backup that pins later took its snapshot later, and does not name these.
 * @returns those that could not be copied, though the store answers: they must stay as long as the backup is being made
 * @throws AppError STORAGE_UNAVAILABLE where it does not
 */
export async function holdForBackups(
  { pins, store }: HoldDeps,
  keys: readonly ObjectKey[],
): Promise<ReadonlySet<ObjectKey>> {
  const unheld = new Set<ObjectKey>();
  if (keys.length === 0) return unheld;
  const backups = await pins.living();
  const copies = backups.flatMap((backup) => keys.map((key) => ({ key, held: heldKey(backup, key) })));
  await inLanes(each(copies), LANES, async ({ key, held }) => {
    const isHeld = await unlessUnreadable(store, () => holdOne(store, key, held));
    if (!isHeld) unheld.add(key);
  });
  return unheld;
}

async function holdOne(store: HoldDeps['store'], key: ObjectKey, held: ObjectKey): Promise<true> {
  try {
    await copyIfThere(store)(key, held);
  } catch (error) {
    // held already, by a drain that was cut short: a key is never used for other bytes
    if (!(error instanceof ObjectExists)) throw error;
  }
  return true;
}

export interface FreeDeps {
  readonly pins: Pick<Pins, 'living' | 'free'>;
  readonly store: Pick<ObjectStore, 'list' | 'deleteMany'>;
}

/**
 * The backup is made, or given up: what was held for it goes now.
 * @throws ObjectsNotDeleted at the end, where the store keeps some
 */
export async function freeHeld({ pins, store }: FreeDeps, backupId: string): Promise<void> {
  await pins.free(backupId);
  let kept: ObjectsNotDeleted | null = null;
  for await (const keys of pagesOfKeys(store, heldFolder(backupId)))
    kept = (await notDeletedOf(store.deleteMany(keys))) ?? kept;
  if (kept) throw kept;
}

export interface Freed {
  readonly freed: number;
  /** The store answers, and keeps them. */
  readonly undeletable: number;
}

/**
 * Removes what is held for backups whose pin is lost. Listed first, and pins asked for afterwards: a pin is there before anything is
 * held for it. @returns how many objects
 */
export async function freeLostHeld({ pins, store }: FreeDeps): Promise<Freed> {
  let freed = 0;
  let undeletable = 0;
  // lost ones go, though nothing was held for them
  await pins.living();
  for await (const keys of pagesOfKeys(store, ALL_HELD)) {
    const living = new Set(await pins.living());
    const lost = keys.filter((key) => !living.has(holderOf(key) ?? ''));
    const kept = (await notDeletedOf(store.deleteMany(lost)))?.keys.size ?? 0;
    freed += lost.length - kept;
    undeletable += kept;
  }
  return { freed, undeletable };
}

async function* pagesOfKeys(store: Pick<ObjectStore, 'list'>, prefix: typeof ALL_HELD): AsyncGenerator<ObjectKey[]> {
  for await (const page of inPages(store.list(prefix), PAGE)) yield page.map(({ key }) => key);
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}
