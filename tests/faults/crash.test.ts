import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Campaign, startCampaign } from './crash/campaign';
import { crashPoints } from './crash/points';
import { openSite, type Site, type StoreKind } from './crash/site';

// The short form: each named point once and one random time, on both stores. `bun run test:faults` is the long one.

describe.each<StoreKind>(['disk', 's3'])('a server killed under load, with its objects on %s,', (store) => {
  let site: Site;
  let campaign: Campaign;

  beforeAll(async () => {
    site = await openSite({ store });
    campaign = await startCampaign(site, 6);
  });
  afterAll(async () => {
    await site?.stop();
  });

  const moments = [...Object.entries(crashPoints(store)), ['a random time', null] as const];
  test.each(moments)('loses nothing and leaves nothing: %s', async (name, point) => {
    expect((await campaign.kill(name, point)).problems).toEqual([]);
  });

  test('keeps every byte that it ever answered for, and nothing else', async () => {
    expect((await campaign.finish()).problems).toEqual([]);
  });
});
