import { afterAll, beforeAll, expect, test } from 'bun:test';
import { attacks } from './attacks';
import { play, tableOf } from './campaign';
import { openSite, type Site } from './site';

// The short form of `bun run test:abuse`: the same attacks in small numbers, and limits that these meet.
const SIZES = { slowSenders: 4, uploads: 12, uploadBytes: 4_000_000, logins: 120, flood: 500 };
const LIMITS = {
  RATE_LIMIT_ADDRESS: '300',
  RATE_LIMIT_AUTH: '10',
  UPLOAD_STAGED_BYTES_MAX: String(110 * 2 ** 20),
  UPLOAD_WAIT_SECONDS: '3',
};

// memory is read from /proc, and other addresses of the loopback network are there without being set up
const here = process.platform === 'linux';

let site: Site;
beforeAll(async () => {
  if (here) site = await openSite(LIMITS);
}, 60_000);
afterAll(() => site?.close());

for (const attack of attacks(SIZES)) {
  test.skipIf(!here)(
    `${attack.name}: refused with their codes, a seller who behaves is served, and nothing remains`,
    async () => {
      const outcome = await play(site, attack);
      console.log(tableOf([outcome]));
      expect(outcome.problems).toEqual([]);
    },
    180_000,
  );
}
