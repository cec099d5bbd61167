import { describe, expect, test } from 'bun:test';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256OfBytes } from '../../../../kernel/sha256';
import { DigestThread } from './digest-thread';

const thread = new DigestThread();

async function withFile<Result>(bytes: Uint8Array, use: (fd: number) => Promise<Result>): Promise<Result> {
  const path = join(tmpdir(), `digest-${Bun.randomUUIDv7()}`);
  await Bun.write(path, bytes);
  const file = await open(path, 'r');
  try {
    return await use(file.fd);
  } finally {
    await file.close();
    await rm(path);
  }
}

describe('the digest thread', () => {
  test('hashes files of any size whole, many at once', async () => {
    const sizes = [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000];
    const samples = sizes.map((size) => Uint8Array.from({ length: size }, (_, at) => (at * 31) % 251));
    const digests = await Promise.all(samples.map((bytes) => withFile(bytes, (fd) => thread.digest(fd))));
    expect(digests).toEqual(samples.map((bytes) => ({ sha256: sha256OfBytes(bytes), sizeBytes: bytes.length })));
  });

  test('a file that cannot be read fails with what the system says, and the next is hashed', async () => {
    const folder = await open(tmpdir(), 'r');
    const refusal = await thread.digest(folder.fd).catch((error) => error);
    await folder.close();
    expect(refusal).toMatchObject({ code: 'EISDIR', errno: expect.any(Number) });
    const one = new Uint8Array([1]);
    expect((await withFile(one, (fd) => thread.digest(fd))).sha256).toBe(sha256OfBytes(one));
  });

  test('does not keep a process alive that has nothing else to do', async () => {
    const program = `
      import { open } from 'node:fs/promises';
      import { DigestThread } from ${JSON.stringify(join(import.meta.dir, 'digest-thread.ts'))};
      const file = await open(${JSON.stringify(import.meta.path)}, 'r');
      console.log((await new DigestThread().digest(file.fd)).sha256);
      await file.close();`;
    const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe', timeout: 10_000 });
    const printed = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    expect(printed.trim()).toBe(sha256OfBytes(await Bun.file(import.meta.path).bytes()));
  });
});
