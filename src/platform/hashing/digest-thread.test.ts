import { describe, expect, test } from 'bun:test';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sha256OfBytes } from '../../kernel/sha256';
import { checkOf, DigestThread, PIECE_BYTES_MAX } from './digest-thread';

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

function checkInPieces(bytes: Uint8Array): bigint {
  let check = 0n;
  for (let at = 0; at < bytes.length; at += PIECE_BYTES_MAX)
    check = checkOf(bytes.subarray(at, at + PIECE_BYTES_MAX), check);
  return check;
}

describe('the digest thread', () => {
  test('hashes files of any size whole, many at once', async () => {
    const sizes = [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000];
    const samples = sizes.map((size) => Uint8Array.from({ length: size }, (_, at) => (at * 31) % 251));
    const digests = await Promise.all(samples.map((bytes) => withFile(bytes, (fd) => thread.whole(fd))));
    expect(digests).toEqual(
      samples.map((bytes) =>
        expect.objectContaining({
          sha256: sha256OfBytes(bytes),
          check: checkInPieces(bytes),
          sizeBytes: bytes.length,
        }),
      ),
    );
  });

  test('a file that cannot be read fails with what the system says, and the next is hashed', async () => {
    const folder = await open(tmpdir(), 'r');
    const refusal = await thread.whole(folder.fd).catch((error) => error);
    await folder.close();
    expect(refusal).toMatchObject({ code: 'EISDIR', errno: expect.any(Number) });
    const one = new Uint8Array([1]);
    expect((await withFile(one, (fd) => thread.whole(fd))).sha256).toBe(sha256OfBytes(one));
  });

  test('hashes a file as it grows, and only as far as it is told', async () => {
    const path = join(tmpdir(), `digest-${Bun.randomUUIDv7()}`);
    const file = await open(path, 'wx+');
    const digest = thread.growing(file.fd);
    for (let written = 1; written <= 5; written += 1) {
      await file.write(new Uint8Array(100_000).fill(written));
      digest.upTo([written * 100_000]);
    }
    await file.write('nobody asked for this');
    const bytes = new Uint8Array(500_000).map((_, at) => 1 + Math.floor(at / 100_000));
    expect(await digest.finish([])).toMatchObject({ sha256: sha256OfBytes(bytes), sizeBytes: 500_000 });
    await file.close();
    await rm(path);
  });

  test('does not keep a process alive that has nothing else to do', async () => {
    const program = `
      import { open } from 'node:fs/promises';
      import { DigestThread } from ${JSON.stringify(join(import.meta.dir, 'digest-thread.ts'))};
      const file = await open(${JSON.stringify(import.meta.path)}, 'r');
      console.log((await new DigestThread().whole(file.fd)).sha256);
      await file.close();`;
    const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe', timeout: 10_000 });
    const printed = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    expect(printed.trim()).toBe(sha256OfBytes(await Bun.file(import.meta.path).bytes()));
  });

  test.each([
    ['ends', 'process.exit(1)'],
    ['fails', 'throw new Error("broken")'],
  ])('whoever waits is told when it %s, and the next file starts another', async (_how, fault) => {
    const script = join(tmpdir(), `digest-worker-${Bun.randomUUIDv7()}.ts`);
    await Bun.write(
      script,
      `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { ${fault} });`,
    );
    const mortal = new DigestThread(pathToFileURL(script));
    for (let time = 0; time < 2; time += 1) {
      await expect(withFile(new Uint8Array(1), (fd) => mortal.whole(fd))).rejects.toThrow(/ended|broken/);
    }
    await rm(script);
  });
});
