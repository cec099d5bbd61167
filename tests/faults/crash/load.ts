import type { SellerClient } from '../../support/seller-client';
import { isUnavailable, newSent, remove, revoke, type Sent, send, WrongAnswer } from './ledger';

export interface Load {
  /** Ends when every client has met its end: no answer any more. @throws WrongAnswer */
  readonly ended: Promise<void>;
  /** How many requests had no answer, or a 503. */
  readonly failed: () => number;
}

const CLIENTS = 4;

interface Clients {
  readonly seller: SellerClient;
  /** Added to as they send. */
  readonly ledger: Sent[];
  readonly photos: readonly Uint8Array[];
  readonly random: () => number;
  /** After this nothing new is begun, and what fails has been cut off. */
  readonly isOver: () => boolean;
  /** Whether a server in trouble may say so: 503, and by none of them is a request known to be lost or done. */
  readonly mayBeUnavailable: boolean;
}

/** Several clients at once who upload by both ways, delete, and revoke URLs, each until it is cut off. */
export function startLoad(clients: Clients): Load {
  const busy = new Set<Sent>();
  let failed = 0;
  const each = Array.from({ length: CLIENTS }, () => oneClient(clients, busy, () => (failed += 1)));
  return { ended: Promise.all(each).then(() => undefined), failed: () => failed };
}

async function oneClient(clients: Clients, busy: Set<Sent>, onFailure: () => unknown): Promise<void> {
  while (!clients.isOver()) {
    try {
      await oneStep(clients, busy);
    } catch (error) {
      const isAllowed = clients.mayBeUnavailable ? isUnavailable(error) : clients.isOver();
      if (error instanceof WrongAnswer && !isAllowed) throw error;
      onFailure();
      await Bun.sleep(5); // the process is dying, and the trap tells of it soon
    }
  }
}

async function oneStep({ seller, ledger, photos, random }: Clients, busy: Set<Sent>): Promise<void> {
  const choice = random();
  const known = ledger.filter((sent) => sent.state === 'kept' && !busy.has(sent));
  const chosen = known[Math.floor(random() * known.length)];
  if (choice < 0.55 || !chosen) {
    const count = 1 + Math.floor(random() * 3);
    const start = Math.floor(random() * photos.length);
    const some = Array.from(
      { length: count },
      (_, index) => photos[(start + index) % photos.length] ?? new Uint8Array(),
    );
    const sent = newSent(choice < 0.35 ? 'multipart' : 'direct', some);
    ledger.push(sent);
    return send(seller, sent);
  }
  busy.add(chosen);
  try {
    await (choice < 0.8 ? remove(seller, chosen) : revoke(seller, chosen));
  } finally {
    busy.delete(chosen);
  }
}
