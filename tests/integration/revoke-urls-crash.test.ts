import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import type { RevokeUrlsDeps } from '../../src/modules/products/application/revoke-urls';
import { Slots } from '../../src/modules/products/application/slots';
import { drainProduct } from '../../src/modules/storage/application/drain-product';
import { postgresDoomedIntents } from '../../src/modules/storage/infrastructure/postgres-doomed-intents';
import { CommitOutcomeUnknown } from '../../src/platform/database/faults';
import { transactionsOf } from '../../src/platform/database/transaction';
import { silentLog } from '../support/log';
import { MortalProcess } from '../support/mortal-process';
import { openTestDatabase } from '../support/postgres';
import { type RevocationKit, revocationKit, statusesOf } from '../support/revocation-kit';
import { startTcpProxy } from '../support/tcp-proxy';

let kit: RevocationKit;
let seller: Seller;
beforeAll(async () => {
  kit = await revocationKit();
  seller = await kit.seller();
}, 60_000);
afterAll(() => kit.stop());

class MortalRevocation extends MortalProcess {
  deps(): Partial<RevokeUrlsDeps> {
    const { deps, storage, db } = kit;
    const { store } = storage;
    const intents = postgresDoomedIntents(db.database.orm, [store.bucket], 3600);
    const mortalStore = {
      head: this.call('head', store.head.bind(store)),
      list: store.list.bind(store),
      copy: this.call('copy', store.copy.bind(store)),
      deleteMany: this.call('deleteMany', store.deleteMany.bind(store)),
      check: () => store.check(),
    };
    return {
      putSlots: new Slots(1), // one after the other, so that every run has the same calls
      journal: this.port(deps.journal, ['open', 'settle', 'abandon', 'drain']),
      products: this.port(deps.products, ['find', 'lock', 'rekey']),
      copies: this.port(deps.copies, ['copy']),
      inTransaction: this.call('transaction', deps.inTransaction),
      drainProduct: drainProduct({
        intents: this.port(intents, ['claimExpired', 'page', 'named', 'entomb', 'bury', 'now']),
        store: mortalStore,
        pins: storage.pins,
        log: silentLog,
      }),
    };
  }
}

async function revokeAndDie(id: ProductId, diesAt: { call: number; when: 'before' | 'after' }): Promise<MortalProcess> {
  const process = new MortalRevocation(diesAt);
  await kit.revoke(seller, id, process.deps()).catch((error) => {
    if (!process.isDead) throw error;
  });
  return process;
}

describe.each(['before', 'after'] as const)('a revocation that is killed %s any of its calls', (when) => {
  test('leaves a product whose images are all there, nothing that the sweep does not clear, and can be repeated', async () => {
    const killedAt: string[] = [];
    for (let call = 1; ; call += 1) {
      const id = await kit.aProduct(seller, 1);
      const [keys, contents] = [await kit.keysOf(id), await kit.contents(id)];
      const process = await revokeAndDie(id, { call, when });
      if (!process.isDead) break;
      killedAt.push(process.calls[call - 1] ?? '');
      expect(await kit.contents(id)).toEqual(contents);
      await kit.expireIntents();
      expect((await kit.storage.sweep()).refused).toBe(0);
      await kit.expectClean();
      expect(await kit.contents(id)).toEqual(contents);
      const atDeath = await kit.keysOf(id);
      await kit.revoke(seller, id);
      const old = kit.signed([...keys, ...atDeath]);
      expect(await statusesOf(old)).toEqual(old.map(() => 404));
      expect(await kit.contents(id)).toEqual(contents);
      await kit.db.sql('delete from products where id = $1', [id]);
      await kit.storage.sweep();
    }
    const each = ['find', 'open', 'copy', 'transaction', 'settle', 'lock', 'rekey', 'named', 'deleteMany', 'head'];
    expect(killedAt).toEqual(expect.arrayContaining([...each, 'entomb']));
  }, 120_000);
});

describe('a connection lost during the commit of a revocation', () => {
  /** The first transaction goes through the proxy, which breaks the connection as COMMIT passes; what follows goes straight. */
  async function losing(direction: 'up' | 'down', work: (deps: Partial<RevokeUrlsDeps>) => Promise<void>) {
    const url = new URL(kit.db.url);
    const proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
    url.hostname = proxy.host;
    url.port = String(proxy.port);
    const behind = openTestDatabase(url.href);
    let transactions = 0;
    await work({
      products: {
        ...kit.deps.products,
        rekey: async (...args) => {
          const changed = await kit.deps.products.rekey(...args); // the last statement before COMMIT
          await proxy.set({ kind: 'cut', direction, afterBytes: 0 });
          return changed;
        },
      },
      inTransaction: (run) => {
        transactions += 1;
        return transactions === 1 ? transactionsOf(behind)(run) : kit.deps.inTransaction(run);
      },
    });
    await behind.close();
    await proxy.stop();
  }

  test('that had reached the database goes on to delete what is under the old keys', () =>
    losing('down', async (deps) => {
      const id = await kit.aProduct(seller);
      const old = kit.signed(await kit.keysOf(id));
      await kit.revoke(seller, id, deps);
      expect(await statusesOf(old)).toEqual(old.map(() => 404));
      await kit.expectClean();
    }));

  test('that had not is an error, and the product is as it was', () =>
    losing('up', async (deps) => {
      const id = await kit.aProduct(seller);
      const keys = await kit.keysOf(id);
      await expect(kit.revoke(seller, id, deps)).rejects.toThrow(CommitOutcomeUnknown);
      expect(await kit.keysOf(id)).toEqual(keys);
      await kit.expectClean();
    }));
});
