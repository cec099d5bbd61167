import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { s3Server } from '../support/s3-servers';
import { type Campaign, startCampaign } from './crash/campaign';
import { crashPoints } from './crash/points';
import { openSite, type Site, type StoreKind } from './crash/site';

// The short form: each named point once and one random time, on both stores. `bun run test:faults` is the long one.

const minio = await s3Server('minio');

describe.each<StoreKind>(['disk', 's3'])('a server killed under load, with its objects on %s,', (store) => {
  const isThere = store === 'disk' || minio !== null;
  const promise = isThere ? test : test.skip;
  let site: Site;
  let campaign: Campaign;

  beforeAll(async () => {
    if (!isThere) return;
    site = await openSite({ store });
    campaign = await startCampaign(site, 6);
  });
  afterAll(async () => {
    await site?.stop();
  });

  const moments = [...Object.entries(crashPoints(store)), ['a random time', null] as const];
  promise.each(moments)('loses nothing and leaves nothing: %s', async (name, point) => {
    expect((await campaign.kill(name, point)).problems).toEqual([]);
  });

  promise('keeps every byte that it ever answered for, and nothing else', async () => {
    expect((await campaign.finish()).problems).toEqual([]);
  });
});
