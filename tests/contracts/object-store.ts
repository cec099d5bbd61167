import { afterAll, beforeAll, describe } from 'bun:test';
import type { ObjectKey } from '../../src/kernel/object-key';
import type { ObjectStore } from '../../src/modules/storage/domain/object-store';
import type { TcpProxy } from '../support/tcp-proxy';
import { sampleFiles } from './object-samples';
import { provesHalfWritten } from './proves-half-written';
import { provesHolding } from './proves-holding';
import { provesKeys } from './proves-keys';
import { provesListing } from './proves-listing';
import { provesNoForgery } from './proves-no-forgery';
import { provesOutages } from './proves-outages';
import { provesSignedGets } from './proves-signed-gets';
import { provesSignedPuts } from './proves-signed-puts';

/** A store that is ready to use, with an empty bucket of its own. */
export interface StoreHarness {
  readonly store: ObjectStore;
  /** The same bucket reached through a proxy, with short timeouts; absent where there is no network between. */
  readonly faulty?: { readonly store: ObjectStore; readonly proxy: TcpProxy; readonly retries: number };
  /** Writes that are begun and never ended, by the means of the store itself. */
  readonly halfWrites: { begin(key: ObjectKey): Promise<void>; count(): Promise<number> };
  stop(): Promise<void>;
}

/** What the tests of one group share; to be read inside tests, after `beforeAll`. */
export interface ContractContext {
  readonly store: ObjectStore;
  readonly harness: StoreHarness;
  readonly samples: Awaited<ReturnType<typeof sampleFiles>>;
}

/**
 * The promises of the ObjectStore port. Every adapter passes all of them, on every server it is used with; those about
 * outages where there is a network between.
 */
export function objectStoreContract(
  name: string,
  makeHarness: () => Promise<StoreHarness>,
  network: 'networked' | 'local',
): void {
  describe(`object store on ${name}`, () => {
    let context: ContractContext;
    beforeAll(async () => {
      const harness = await makeHarness();
      context = { harness, store: harness.store, samples: await sampleFiles() };
    }, 120_000);
    afterAll(async () => {
      await context.samples.remove();
      await context.harness.stop();
    }, 60_000);

    const shared = () => context;
    provesHolding(shared);
    provesHalfWritten(shared);
    provesKeys(shared);
    provesListing(shared);
    provesSignedGets(shared);
    provesSignedPuts(shared);
    provesNoForgery(shared);
    if (network === 'networked') provesOutages(shared);
  });
}
