import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CrashPoint } from '../../support/crash-points';
import { photo } from '../../support/photos';
import { aSeller, type SellerClient } from '../../support/seller-client';
import { newSent, remove, type Sent, send } from './ledger';
import { startLoad } from './load';
import { type Proof, proveWhole, unkept } from './proof';
import { seeded } from './random';
import type { Site } from './site';

/** What one kill came to. */
export interface Killed extends Proof {
  /** Answered uploads, before it and by it. */
  readonly acknowledged: number;
  /** Without an answer: each was sent again. */
  readonly repeated: number;
}

export interface Campaign {
  /** Kills at the point, or at a random time where there is none; then proves that nothing is lost and nothing left. */
  kill(name: string, point: CrashPoint | null): Promise<Killed>;
  /** The last sweep, and every byte of every object. */
  finish(): Promise<{ readonly products: number; readonly problems: readonly string[] }>;
}

const REACHED_WITHIN_MS = 30_000;
/** More would only make the look at every object of the disk slower. */
const KEPT_MAX = 8;
const LATEST_KILL_MS = 600;

/** Starts the server of the site and keeps it under load from kill to kill. */
export async function startCampaign(site: Site, seed: number): Promise<Campaign> {
  const random = seeded(seed);
  const photos = await Promise.all([1, 2, 3, 4, 5].map((each) => photo({ seed: each })));
  const ledger: Sent[] = [];
  let seller = await aSeller(await site.start());

  async function kill(name: string, point: CrashPoint | null): Promise<Killed> {
    await haveSome(seller, ledger, photos);
    const before = ledger.length;
    const killed = Promise.withResolvers<void>();
    let isOver = false;
    const shoot = () => {
      process.kill(site.server().pid, 'SIGKILL');
      isOver = true;
      killed.resolve();
    };
    const isPreparing = point?.on === 'database' && point.isPreparing === true;
    if (isPreparing) await site.kill();
    const watching = aim(site, point, random, shoot);
    if (isPreparing) seller = seller.at(await site.start(true));
    const load = startLoad({ seller, ledger, photos, random, isOver: () => isOver, mayBeUnavailable: false });
    const late = setTimeout(() => {
      isOver = true;
      const why = site.copiesUploads ? '' : '; uploads are staged on the file system of the objects (no /dev/shm?)';
      killed.reject(new Error(`it was never reached: ${name}${why}`));
    }, REACHED_WITHIN_MS);
    await Promise.all([killed.promise, load.ended]).finally(() => {
      isOver = true;
      clearTimeout(late);
      watching.stop();
    });
    await site.kill();
    seller = seller.at(await site.start());
    const repeated = ledger.filter(({ state }) => state === 'sent').length;
    const acknowledged = ledger.slice(before).filter(({ id }) => id !== null).length;
    return { acknowledged, repeated, ...(await proveWhole(site, seller, ledger, random() < 0.5)) };
  }

  return {
    kill,
    async finish() {
      await site.sweep(true);
      const problems = await unkept(site, seller, ledger);
      return { products: ledger.filter(({ state }) => state === 'kept').length, problems };
    },
  };
}

/** So that there is something to delete and to re-key from the first moment. */
async function haveSome(seller: SellerClient, ledger: Sent[], photos: readonly Uint8Array[]): Promise<void> {
  const kept = ledger.filter(({ state }) => state === 'kept');
  const tooMany = kept.slice(0, Math.max(0, kept.length - KEPT_MAX));
  await Promise.all(tooMany.map((sent) => remove(seller, sent)));
  const missing = Array.from({ length: Math.max(0, 3 - kept.length) }, () => newSent('multipart', photos.slice(0, 2)));
  await Promise.all(
    missing.map(async (sent) => {
      await send(seller, sent);
      ledger.push(sent);
    }),
  );
}

function aim(site: Site, point: CrashPoint | null, random: () => number, shoot: () => void): { stop(): void } {
  if (point === null) {
    const timer = setTimeout(shoot, random() * LATEST_KILL_MS);
    return { stop: () => clearTimeout(timer) };
  }
  if (point.on === 'folder') return watchFolder(join(site.dataDir, 'objects'), point.isReached, shoot);
  site.trap.set(point, Math.floor(random() * 3), shoot);
  return { stop: () => site.trap.clear() };
}

/** Asks the file system without a pause: what it waits for may be over in a millisecond. */
function watchFolder(
  folder: string,
  isReached: Extract<CrashPoint, { on: 'folder' }>['isReached'],
  shoot: () => void,
): { stop(): void } {
  let isOver = false;
  const files = async () => new Set(await readdir(folder, { recursive: true }).catch(() => []));
  const watch = async () => {
    const before = await files();
    while (!isOver) {
      const isNow = isReached(before, await files());
      if (isNow && !isOver) {
        isOver = true;
        shoot();
      }
    }
  };
  watch();
  return {
    stop() {
      isOver = true;
    },
  };
}
