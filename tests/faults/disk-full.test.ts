import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { photo } from '../support/photos';
import { aSeller, type SellerClient } from '../support/seller-client';
import { type SmallDisk, smallDisk } from '../support/small-disk';
import { newSent, type Sent, send, WrongAnswer } from './crash/ledger';
import { proveWhole, unkept } from './crash/proof';
import { openSite, type Site } from './crash/site';

// The disk under DATA_DIR is full: with uploads under way, then with room again. The server lives on.

let disk: SmallDisk;
let site: Site;
let seller: SellerClient;
let photos: Buffer[];
const ledger: Sent[] = [];

beforeAll(async () => {
  disk = await smallDisk();
  site = await openSite({ store: 'disk', dataDir: disk.folder, command: () => disk.command });
  seller = await aSeller(await site.start());
  photos = await Promise.all([1, 2, 3].map((seed) => photo({ seed })));
});
afterAll(async () => {
  await site?.stop();
  await disk?.remove();
});

/** Sends until it has been refused so many times. @returns the status of each refusal */
async function sendUntilRefused(times: number): Promise<number[]> {
  const refusals: number[] = [];
  while (refusals.length < times) {
    const sent = newSent(ledger.length % 3 === 2 ? 'direct' : 'multipart', photos);
    ledger.push(sent);
    await send(seller, sent).catch((error) => {
      refusals.push(error instanceof WrongAnswer ? error.status : 0);
    });
  }
  return refusals;
}

describe('a disk that is full', () => {
  test('makes the server refuse uploads with 503: it is not the client’s fault, and later there may be room', async () => {
    const refusals = await sendUntilRefused(6);
    expect(refusals).toEqual(Array(6).fill(503));
    expect((await fetch(`${seller.url}/healthz`)).status).toBe(200);
  });

  test('loses nothing that was answered, and leaves nothing of what was refused', async () => {
    await site.sweep(true);
    expect(await unkept(site, seller, ledger)).toEqual([]);
  });

  test('and has room again takes what it refused, each as one product', async () => {
    if (!(await disk.grow())) {
      await site.kill();
      seller = seller.at(await site.start());
    }
    expect((await proveWhole(site, seller, ledger, true)).problems).toEqual([]);
    expect(ledger.filter(({ state }) => state === 'kept').length).toBeGreaterThanOrEqual(6);
  });
});
