import type { BlobName } from '../../domain/backed-object';

/** Names of one sorted list, one after the other. */
class Cursor {
  name: BlobName | null = null;

  private constructor(private readonly names: AsyncIterator<BlobName>) {}

  static async over(names: AsyncIterable<BlobName>): Promise<Cursor> {
    const cursor = new Cursor(names[Symbol.asyncIterator]());
    await cursor.step();
    return cursor;
  }

  async step(): Promise<void> {
    const { done, value } = await this.names.next();
    this.name = done ? null : value;
  }

  async close(): Promise<void> {
    await this.names.return?.();
  }
}

/**
 * What any of the backups names. Asked for names in their order, it goes through all lists side by side: a chunk of each is in memory,
 * however many objects they name.
 */
export class Marks {
  private constructor(private readonly cursors: readonly Cursor[]) {}

  static async of(lists: readonly AsyncIterable<BlobName>[]): Promise<Marks> {
    const cursors: Cursor[] = [];
    for (const list of lists) cursors.push(await Cursor.over(list));
    return new Marks(cursors);
  }

  async has(name: BlobName): Promise<boolean> {
    let isMarked = false;
    for (const cursor of this.cursors) {
      while (cursor.name !== null && cursor.name < name) await cursor.step();
      isMarked ||= cursor.name === name;
    }
    return isMarked;
  }

  async close(): Promise<void> {
    for (const cursor of this.cursors) await cursor.close();
  }
}

/** The names of a segment's lines, sorted as they are within it. */
export async function* namesOf(lines: AsyncIterable<string>): AsyncGenerator<BlobName> {
  let last = '';
  for await (const line of lines) {
    const name = line.slice(0, line.indexOf('\t'));
    if (name < last) throw new Error('a list of objects is not sorted');
    if (name !== last) yield name as BlobName;
    last = name;
  }
}
