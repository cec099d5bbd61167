import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FoundSomething } from '../../src/cli/command';
import { newId } from '../../src/kernel/ids';
import { complete, put, putAll, start } from '../support/direct-upload';
import { photo } from '../support/photos';
import { s3Server } from '../support/s3-servers';
import { aSeller, type SellerClient } from '../support/seller-client';
import { until } from '../support/server';
import { newSent, type Sent } from './crash/ledger';
import { type Load, startLoad } from './crash/load';
import { proveWhole, unkept } from './crash/proof';
import { seeded } from './crash/random';
import { openSite, type Site, type StoreKind } from './crash/site';

// What deletes, moves and calls damaged, without a pause and without its margins of time, beside everything that makes objects and
// lets them go: only what nobody was promised may go by it.

/** No margin: what is taken for an orphan for a moment is moved at that moment, and deleted two seconds later. */
const WITHOUT_MARGINS = {
  AUDIT_MIN_AGE_SECONDS: '0',
  AUDIT_BRAKE_MIN: '1000000',
  AUDIT_SHA256_SHARE: '1',
  QUARANTINE_TTL_SECONDS: '1',
};
/** Tombstones go soon: it is not they that keep the audit from what was deleted a moment ago. Every PUT here has ended long before. */
const BRIEF_TOMBSTONES = { PUT_MAX_DURATION_SECONDS: '1', PUT_URL_TTL_SECONDS: '60' };

const ROUNDS = 3;
/** On a machine that has much other work: each command brings up all parts. */
const PATIENCE_MS = 240_000;

type Counts = Readonly<Record<string, number>>;

const minio = await s3Server('minio');

describe.each<StoreKind>(['disk', 's3'])('upkeep beside uploads, with the objects on %s,', (store) => {
  const isThere = store === 'disk' || minio !== null;
  const promise = isThere ? test : test.skip;
  let site: Site;
  let seller: SellerClient;
  let photos: Buffer[];
  const ledger: Sent[] = [];
  const strays: string[] = [];
  const halves: string[] = [];

  beforeAll(async () => {
    if (!isThere) return;
    site = await openSite({
      store,
      environment: BRIEF_TOMBSTONES,
      operator: { ...BRIEF_TOMBSTONES, ...WITHOUT_MARGINS },
    });
    seller = await aSeller(await site.start(true));
    photos = await Promise.all([1, 2, 3].map((seed) => photo({ seed })));
  });
  afterAll(async () => {
    await site?.stop();
  });

  /** What it counted; that it found something is no failure here. */
  async function counts(...command: string[]): Promise<Counts> {
    let report = '';
    const print = (line: string) => {
      report = line;
    };
    await site.cli([...command, '--json'], print).catch((error) => {
      if (!(error instanceof FoundSomething)) throw error;
    });
    return (JSON.parse(report) as { counts: Counts }).counts;
  }

  /** An object without a row, which the audit is to find among all that come and go. */
  async function leaveStray(): Promise<void> {
    const key = `products/${newId()}/${newId()}/${newId()}/original.jpg`;
    await site.objects.put(key, `stray ${key}`);
    strays.push(key);
  }

  /** A client who sends half of a direct upload and does not come back until its time is over. */
  async function leaveHalfAnUpload(): Promise<void> {
    const { product_id, uploads } = await start(seller, photos.slice(0, 2));
    const [first] = uploads;
    if (first) await (await put(first, photos[0] ?? Buffer.alloc(0))).arrayBuffer();
    await site.db.sql("update intents set expires_at = now() where kind = 'direct' and product_id = $1", [product_id]);
    halves.push(product_id);
  }

  /** A client whose photos lie in the store without a row while `meanwhile` goes on. */
  async function uploadSlowly(meanwhile: () => Promise<unknown>): Promise<void> {
    const upload = await start(seller, photos);
    await putAll(upload, photos);
    await meanwhile();
    const sent = newSent('direct', photos);
    ledger.push(sent);
    const { status } = await complete(seller, upload.product_id);
    if (status !== 200) throw new Error(`what was put before an audit could not be completed after it: ${status}`);
    Object.assign(sent, { id: upload.product_id, state: 'kept' });
  }

  /** Again and again until the others have ended. */
  async function meanwhile(isOver: () => boolean, work: () => Promise<unknown>): Promise<void> {
    while (!isOver()) await work();
  }

  promise(
    'moves what is nobody’s, and touches nothing else',
    async () => {
      let isOver = false;
      const load: Load = startLoad({
        seller,
        ledger,
        photos,
        random: seeded(16),
        isOver: () => isOver,
        mayBeUnavailable: false,
      });
      const audits: Counts[] = [];
      const scrubs: Counts[] = [];
      const sweeps: Counts[] = [];
      const auditing = async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          await Promise.all([leaveStray(), leaveHalfAnUpload()]);
          await uploadSlowly(async () => audits.push(await counts('audit', '--act')));
          await counts('retention');
        }
        await until(
          async () => (await site.db.sql('select from image_variants limit 1')).length > 0,
          'a photo was prepared',
          PATIENCE_MS,
        );
        isOver = true;
      };
      const done = () => isOver;
      const all = [
        load.ended,
        auditing(),
        meanwhile(done, async () => scrubs.push(await counts('scrub', '--all'))),
        meanwhile(done, async () => sweeps.push(await counts('sweep'))),
      ];
      await Promise.all(all).finally(() => {
        isOver = true; // where one has failed, the others are not to go on into the next test
        return Promise.allSettled(all);
      });
      expect(sum(audits, 'quarantined')).toBe(strays.length);
      expect([sum(audits, 'damaged'), sum(audits, 'unreadable'), sum(audits, 'young')]).toEqual([0, 0, 0]);
      const wrong = ['damaged', 'variants_dropped', 'variants_damaged', 'unreadable'].map((what) => sum(scrubs, what));
      expect(wrong).toEqual([0, 0, 0, 0]);
      expect(sum(sweeps, 'refused')).toBe(0);
      expect(ledger.filter(({ state }) => state === 'deleted').length).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );

  promise('leaves no upload open whose time was over while others went on', async () => {
    await counts('sweep');
    const open = await site.db.sql("select from intents where state = 'open' and product_id = any ($1)", [halves]);
    expect(halves.length).toBe(ROUNDS);
    expect(open).toEqual([]);
  });

  promise(
    'lets what it has moved expire, and nothing is lost and nothing left',
    async () => {
      await site.kill();
      seller = seller.at(await site.start());
      await until(
        async () => {
          await counts('retention');
          return (await site.db.sql('select from quarantined_objects')).length === 0;
        },
        'the quarantine is empty',
        PATIENCE_MS,
      );
      expect((await proveWhole(site, seller, ledger, true)).problems).toEqual([]);
      expect(await unkept(site, seller, ledger)).toEqual([]);
      const { orphan = 0, missing = 0, wrong_size = 0, wrong_sha256 = 0 } = await counts('audit', '--deep');
      expect({ orphan, missing, wrong_size, wrong_sha256 }).toEqual({
        orphan: 0,
        missing: 0,
        wrong_size: 0,
        wrong_sha256: 0,
      });
    },
    PATIENCE_MS,
  );
});

function sum(runs: readonly Counts[], what: string): number {
  return runs.reduce((all, counts) => all + (counts[what] ?? 0), 0);
}
