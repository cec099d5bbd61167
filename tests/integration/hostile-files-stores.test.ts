import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { CORPUS } from '../support/hostile/corpus';
import { DOORS, type DoorName } from '../support/hostile/doors';
import { answerAt, verdictAt } from '../support/hostile/expectations';
import type { HostileFile } from '../support/hostile/hostile-file';
import { s3Server } from '../support/s3-servers';
import { aSeller, type SellerClient } from '../support/seller-client';
import { leftovers, NOTHING, s3Environment, startTestServer, type TestServer, until } from '../support/server';

// On the disk store every hostile file comes to every door (tests/e2e/hostile-files.test.ts). What a store can change is what is left
// and what it hands on: so here come a few files of each outcome.

const DOOR_NAMES = Object.keys(DOORS) as DoorName[];
const all = Object.values(CORPUS).flat();
const outcomeOf = ({ expected }: HostileFile) =>
  JSON.stringify(expected, (_key, value) => (value instanceof RegExp ? 'failed' : value));
/** Two of each outcome: of each code at each door, taken and decoded, taken and refused by the decoder. */
const some = [...Map.groupBy(all, outcomeOf).values()].flatMap((files) => [files[0]!, files.at(-1)!]);
const files = [...new Set(some)];

describe.each(['minio', 'versitygw'] as const)('on %s', (kind) => {
  let server: TestServer | null = null;
  let seller: SellerClient;

  beforeAll(async () => {
    const store = await s3Server(kind);
    if (!store) return;
    server = await startTestServer({ ...s3Environment(store), PREPARE_CONCURRENCY: '1' });
    seller = await aSeller(server);
  }, 120_000);
  afterAll(() => server?.stop());

  test.each(files)('$what: as on the disk store, and nothing is left of it', async (file) => {
    if (!server) return;
    const { url } = server;
    const bytes = await file.bytes();
    for (const door of DOOR_NAMES) {
      const outcome = await DOORS[door](seller.at({ url }), file, bytes);
      expect({ door, ...outcome }).toMatchObject({ door, ...answerAt(door, file) });
      if (outcome.is !== 'taken') continue;
      const status = await decoded(outcome.productId);
      expect(status).toBe(verdictAt(door, file) === 'harmless' ? 'processing' : 'failed');
      expect((await seller.call('DELETE', `/api/products/${outcome.productId}`)).status).toBe(204);
    }
    const left = () => leftovers(server!);
    await until(async () => Bun.deepEquals(await left(), NOTHING), 'nothing is left').catch(() => undefined);
    expect(await left()).toEqual(NOTHING);
  });

  async function decoded(id: string): Promise<string> {
    for (;;) {
      const { status } = (await (await seller.call('GET', `/api/products/${id}`)).json()) as { status: string };
      if (status !== 'uploading') return status;
      await Bun.sleep(15);
    }
  }
});
