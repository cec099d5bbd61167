import type { SellerClient } from '../../support/seller-client';
import type { Disagreements } from '../../support/whole-store';
import { expectBytes, expectGone, isUnavailable, remove, type Sent, send } from './ledger';
import type { Site } from './site';

const ASKED_MAX = 12;

export interface Proof {
  /** Answered uploads that are not whole any more: none. */
  readonly lost: number;
  /** Objects, intents and files that the sweep left though nobody needs them: none. */
  readonly orphans: number;
  /** In words, whatever promise was not kept. */
  readonly problems: readonly string[];
}

/**
 * Everything that was promised, by the one who was promised it, and by database and store themselves. Requests without an answer are sent
 * again.
 * @param direct whether the time of direct uploads that wait for their client is over
 */
export async function proveWhole(site: Site, seller: SellerClient, ledger: Sent[], direct: boolean): Promise<Proof> {
  await site.sweep(direct);
  const found = await site.check(false);
  const problems = problemsIn(found);
  const lost = await failures(ledger, 'kept', (sent) => expectBytes(seller, sent));
  const undeleted = await failures(ledger, 'deleted', (sent) => expectGone(seller, sent));
  const undeletable = await failures(ledger, 'deleting', (sent) => remove(seller, sent));
  const unrepeatable = await failures(ledger, 'sent', async (sent) => {
    await send(seller, sent);
    await expectBytes(seller, sent);
  });
  problems.push(...lost, ...undeleted, ...undeletable, ...unrepeatable);
  problems.push(...(await deathOf(site)));
  const kept = ledger.filter(({ state }) => state === 'kept');
  const there = await site.db.sql<{ id: string }>('select id::text from products');
  if (sorted(there) !== sorted(kept)) problems.push(`${kept.length} products were promised: ${there.length} are there`);
  // what is gone is known to be gone: later proofs are about what can still be lost
  ledger.splice(0, ledger.length, ...kept);
  const orphans = [found.objectsWithoutRow, found.unsettledIntents, found.temporary].flat().length;
  return { lost: lost.length, orphans, problems };
}

/** Every byte of every object, by the store and by the URLs that the seller is given. @returns what is not as it was promised */
export async function unkept(site: Site, seller: SellerClient, ledger: readonly Sent[]): Promise<string[]> {
  const found = problemsIn(await site.check(true));
  return [...found, ...(await failures(ledger, 'kept', (sent) => expectBytes(seller, sent)))];
}

async function failures(
  ledger: readonly Sent[],
  state: Sent['state'],
  promise: (sent: Sent) => Promise<void>,
): Promise<string[]> {
  const chosen = ledger.filter((sent) => sent.state === state);
  const ends = await Promise.allSettled(chosen.map((sent) => patiently(() => promise(sent))));
  return ends.flatMap((end) => (end.status === 'rejected' ? [`${state}: ${end.reason}`] : []));
}

/** A server that has died by itself, with its last words. */
async function deathOf(site: Site): Promise<string[]> {
  const { url, output, ending } = site.server();
  const isAlive = await fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
  return isAlive
    ? []
    : [
        `the server died (${ending() ?? 'its process lives'}): ${output.stderr.slice(-2000)}${output.stdout.slice(-2000)}`,
      ];
}

/** As a client does that reads Retry-After. */
async function patiently(ask: () => Promise<void>): Promise<void> {
  for (let times = 1; ; times += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnavailable(error) || times === ASKED_MAX) throw error;
      await Bun.sleep(100 * times);
    }
  }
}

function sorted(some: readonly { readonly id: string | null }[]): string {
  return some
    .map(({ id }) => id)
    .sort()
    .join();
}

/** In all that database and store disagree in. */
function problemsIn(found: Disagreements): string[] {
  return Object.entries(found).flatMap(([what, names]: [string, string[]]) => names.map((name) => `${what}: ${name}`));
}
