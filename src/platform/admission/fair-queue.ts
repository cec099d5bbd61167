/** `served`: it is in. `pass over`: its party has enough already. `stop`: nobody behind it may overtake it. */
type Served = 'served' | 'pass over' | 'stop';

/** Waiters of several parties: parties take turns, and those of one party come in their order. */
export class FairQueue<Waiter extends { readonly party: string }> {
  /** In the order of their turns. */
  readonly #parties = new Map<string, Waiter[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  sizeOf(party: string): number {
    return this.#parties.get(party)?.length ?? 0;
  }

  add(waiter: Waiter): void {
    const waiters = this.#parties.get(waiter.party);
    if (waiters) waiters.push(waiter);
    else this.#parties.set(waiter.party, [waiter]);
    this.#size += 1;
  }

  /** @returns false where it does not wait any more */
  remove(waiter: Waiter): boolean {
    const waiters = this.#parties.get(waiter.party) ?? [];
    const at = waiters.indexOf(waiter);
    if (at === -1) return false;
    waiters.splice(at, 1);
    if (waiters.length === 0) this.#parties.delete(waiter.party);
    this.#size -= 1;
    return true;
  }

  /** The one whose turn it is; it does not wait any more. Undefined where nobody waits. */
  next(): Waiter | undefined {
    let next: Waiter | undefined;
    this.#serveOne((waiter) => {
      next = waiter;
      return 'served';
    });
    return next;
  }

  /** Asks the first of each party in turn, until nobody more is served. */
  serve(ask: (waiter: Waiter) => Served): void {
    for (let goesOn = true; goesOn; ) goesOn = this.#serveOne(ask);
  }

  #serveOne(ask: (waiter: Waiter) => Served): boolean {
    for (const [party, waiters] of this.#parties) {
      const [first] = waiters;
      const served = first === undefined ? 'pass over' : ask(first);
      if (served === 'stop') return false;
      if (served === 'pass over') continue;
      waiters.shift();
      this.#size -= 1;
      // its next one comes after all others have had theirs
      this.#parties.delete(party);
      if (waiters.length > 0) this.#parties.set(party, waiters);
      return true;
    }
    return false;
  }
}
