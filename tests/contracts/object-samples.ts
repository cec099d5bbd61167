import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeyPrefix, type ObjectKey, objectKey } from '../../src/kernel/object-key';
import { sha256OfBytes } from '../../src/kernel/sha256';
import type { StagedFile } from '../../src/kernel/staged-file';
import type { ListedObject, ObjectStore } from '../../src/modules/storage/domain/object-store';

/** Keys that break naive encodings: reserved and XML characters, several scripts, spaces, percent signs, dots, order traps. */
export const ODD_KEYS = [
  'space in the middle.jpg',
  ' leading and trailing ',
  'plus+and%20percent.jpg',
  '100%.jpg',
  '%2e%2e/%2F.jpg',
  "reserved !*'();:@&=+$,?#[].jpg",
  'xml <&>"\'.jpg',
  'ünïcödé/ñandú.jpg',
  'e\u0301 decomposed and \u00e9 composed.jpg',
  '写真/商品.jpg',
  'emoji 📷/🏷️.png',
  'rtl \u05d0\u05d1.jpg',
  'private use \ue000.jpg',
  'astral \u{10000}.jpg',
  '...dots',
  '.hidden/.incoming',
  'tilde~/-_.~.webp',
  'curly {a|b}^`.jpg',
  'double..dots/a..b',
].map(objectKey);

export function bytesOf(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = seed * 2654435761;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Files to put, in a folder that goes with `remove()`. */
export async function sampleFiles() {
  const folder = await mkdtemp(join(tmpdir(), 'test-samples-'));
  return {
    folder,
    async of(content: Uint8Array | string): Promise<StagedFile> {
      const path = join(folder, Bun.randomUUIDv7());
      await Bun.write(path, content);
      return { path, sizeBytes: Buffer.byteLength(content), sha256: sha256OfBytes(content) };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Same name space for all, so that tests do not see each other's objects. */
export function freshPrefix(): KeyPrefix {
  return `t/${Bun.randomUUIDv7()}/` as unknown as KeyPrefix;
}

export function keyUnder(prefix: KeyPrefix, rest: string): ObjectKey {
  return objectKey(prefix + rest);
}

export async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export async function listAll(store: ObjectStore, prefix: KeyPrefix, after?: ObjectKey): Promise<ListedObject[]> {
  const all: ListedObject[] = [];
  for await (const object of store.list(prefix, after)) all.push(object);
  return all;
}

/** Runs the work for all items, so many at a time. */
export async function each<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const left = items.values();
  const lane = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
