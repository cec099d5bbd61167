import { afterEach, beforeEach, expect, test } from 'bun:test';
import { photo } from '../support/photos';
import { type RecoveryKit, recoveryKit } from '../support/recovery-kit';
import { aSeller } from '../support/seller-client';

// The same photo in many products is one blob of a backup, and may be had from any of their keys.

let kit: RecoveryKit;
let keys: string[];
beforeEach(async () => {
  kit = await recoveryKit();
  const server = await kit.start();
  const seller = await aSeller(server);
  const bytes = await photo({ seed: 1 });
  for (let copy = 0; copy < 4; copy += 1) await seller.upload([bytes]);
  await server.stop();
  keys = (await kit.keys()).sort();
}, 60_000);
afterEach(() => kit.stop());

test('a photo of which one copy of four is left is in the backup, and nothing of it is said to be absent', async () => {
  await kit.loseObjects((key) => key !== keys[3]);
  await kit.cli(['backup', 'create']);
  await kit.cli(['backup', 'verify']);
  await kit.cli(['backup', 'restore', 'objects']);
  expect((await kit.keys()).sort()).toEqual(keys);
}, 60_000);

test('a photo of which no copy is left is said to be absent under each of its keys', async () => {
  await kit.loseObjects(() => true);
  await expect(kit.cli(['backup', 'create'])).rejects.toThrow('4 objects that rows name are missing or damaged');
}, 60_000);
