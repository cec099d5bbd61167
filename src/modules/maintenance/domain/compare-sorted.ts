import { compareKeys } from '../../../kernel/key-order';

export interface Keyed {
  readonly key: string;
}

/** What is on the left, on the right, or on both sides under one key. */
export interface Pair<Left, Right> {
  readonly left: Left | null;
  readonly right: Right | null;
}

/**
 * Compares two streams that are sorted by the bytes of their keys: everything of both, paired by key, in their order. At most a page
 * of each is in memory. What is there several times under one key is paired each time, if the other side has it at all.
 * @throws Error where a stream is not sorted: everything that followed would be called missing
 */
export async function* compareSorted<Left extends Keyed, Right extends Keyed>(
  left: AsyncIterable<readonly Left[]>,
  right: AsyncIterable<readonly Right[]>,
): AsyncGenerator<Pair<Left, Right>[]> {
  const [lefts, rights] = [new Reader(left), new Reader(right)];
  try {
    while ((await lefts.fill()) || (await rights.fill())) {
      await rights.fill();
      const pairs: Pair<Left, Right>[] = [];
      while (lefts.isReady && rights.isReady && !(lefts.isOver && rights.isOver)) pairs.push(nextPair(lefts, rights));
      yield pairs;
    }
  } finally {
    await Promise.all([lefts.close(), rights.close()]);
  }
}

function nextPair<Left extends Keyed, Right extends Keyed>(
  lefts: Reader<Left>,
  rights: Reader<Right>,
): Pair<Left, Right> {
  const order = orderOf(lefts.peek(), rights.peek());
  if (order < 0) {
    const left = lefts.take();
    return { left, right: rights.lastOf(left.key) };
  }
  if (order > 0) {
    const right = rights.take();
    return { left: lefts.lastOf(right.key), right };
  }
  return { left: lefts.take(), right: rights.take() };
}

function orderOf(left: Keyed | null, right: Keyed | null): number {
  if (!left) return 1;
  return right ? compareKeys(left.key, right.key) : -1;
}

/** A page of a stream, and the last item that was taken. */
class Reader<Item extends Keyed> {
  private readonly pages: AsyncIterator<readonly Item[]>;
  private page: readonly Item[] = [];
  private at = 0;
  private last: Item | null = null;
  isOver = false;

  constructor(pages: AsyncIterable<readonly Item[]>) {
    this.pages = pages[Symbol.asyncIterator]();
  }

  /** @returns false at the end of the stream */
  async fill(): Promise<boolean> {
    while (!this.isOver && this.at >= this.page.length) {
      const { done, value } = await this.pages.next();
      this.isOver = done === true;
      this.page = done ? [] : value;
      this.at = 0;
    }
    return !this.isOver;
  }

  get isReady(): boolean {
    return this.isOver || this.at < this.page.length;
  }

  peek(): Item | null {
    return this.page[this.at] ?? null;
  }

  take(): Item {
    const item = this.page[this.at];
    if (!item) throw new Error('the page is read to its end');
    if (this.last && compareKeys(this.last.key, item.key) > 0) throw new Error('a stream is not sorted by its keys');
    this.at += 1;
    this.last = item;
    return item;
  }

  /** The last item, where it had this key. */
  lastOf(key: string): Item | null {
    return this.last?.key === key ? this.last : null;
  }

  async close(): Promise<void> {
    await this.pages.return?.();
  }
}

/** Merges streams that are sorted by the bytes of their keys into one of the same order; a page of each is in memory. */
export async function* mergeSorted<Item extends Keyed>(
  streams: readonly AsyncIterable<readonly Item[]>[],
): AsyncGenerator<Item[]> {
  let readers = streams.map((stream) => new Reader(stream));
  try {
    for (;;) {
      for (const reader of readers) await reader.fill();
      readers = readers.filter((reader) => !reader.isOver);
      if (readers.length === 0) return;
      const merged: Item[] = [];
      while (readers.every((reader) => reader.isReady)) merged.push(smallest(readers).take());
      yield merged;
    }
  } finally {
    await Promise.all(readers.map((reader) => reader.close()));
  }
}

function smallest<Item extends Keyed>(readers: readonly Reader<Item>[]): Reader<Item> {
  return readers.reduce((least, reader) => (orderOf(reader.peek(), least.peek()) < 0 ? reader : least));
}
