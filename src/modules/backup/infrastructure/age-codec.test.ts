import { describe, expect, test } from 'bun:test';
import { generateX25519Identity } from 'age-encryption';
import { sha256OfBytes } from '../../../kernel/sha256';
import type { Bytes, Codec } from '../domain/codec';
import { ageCodec, openCodec } from './age-codec';

const CONTENT = Buffer.from('a line of a table\n'.repeat(50_000));

async function* chunks(bytes: Uint8Array, size = 10_000): Bytes {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function whole(bytes: Bytes): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of bytes) all.push(chunk);
  return Buffer.concat(all);
}

const identity = await generateX25519Identity();
const codecs: [string, Codec][] = [
  ['plain', openCodec],
  ['age', await ageCodec(identity, [])],
];

describe.each(codecs)('%s', (_, codec) => {
  test('gives back what was packed and what was sealed', async () => {
    expect((await whole(codec.unpack(codec.pack(chunks(CONTENT)), 'it'))).equals(CONTENT)).toBeTrue();
    expect((await whole(codec.unseal(codec.seal(chunks(CONTENT)), 'it'))).equals(CONTENT)).toBeTrue();
    expect((await whole(codec.unpack(codec.pack(chunks(Buffer.alloc(0))), 'it'))).byteLength).toBe(0);
  });

  test('a failing source fails the reader, and nothing hangs', async () => {
    const failing = async function* (): Bytes {
      yield CONTENT;
      throw new TypeError('the source broke');
    };
    await expect(whole(codec.pack(failing()))).rejects.toThrow('the source broke');
    await expect(whole(codec.unpack(failing(), 'it'))).rejects.toThrow();
  });
});

describe('age', () => {
  test('another identity says so, and former ones still read', async () => {
    const [, codec] = codecs[1] as [string, Codec];
    const sealed = await whole(codec.seal(chunks(CONTENT)));
    const other = await generateX25519Identity();
    await expect(whole((await ageCodec(other, [])).unseal(chunks(sealed), 'it'))).rejects.toThrow(
      'BACKUP_ENCRYPTION_IDENTITY',
    );
    await expect(whole(openCodec.unseal(chunks(sealed), 'it'))).rejects.toThrow('BACKUP_ENCRYPTION_IDENTITY');
    expect((await whole((await ageCodec(other, [identity])).unseal(chunks(sealed), 'it'))).equals(CONTENT)).toBeTrue();
  });

  test('a changed or shortened file is damaged', async () => {
    const [, codec] = codecs[1] as [string, Codec];
    const sealed = await whole(codec.seal(chunks(CONTENT)));
    const changed = Buffer.from(sealed);
    changed.fill(7, 500_000, 500_010);
    await expect(whole(codec.unseal(chunks(changed), 'file 7'))).rejects.toThrow('damaged: file 7');
    await expect(whole(codec.unseal(chunks(sealed.subarray(0, 400_000)), 'file 7'))).rejects.toThrow('damaged: file 7');
  });

  test('names are the HMAC of the digest: equal for equal bytes, other for another identity, never the digest', async () => {
    const digest = sha256OfBytes('a picture');
    const [first, same, other] = [
      await ageCodec(identity, []),
      await ageCodec(identity, []),
      await ageCodec(await generateX25519Identity(), []),
    ];
    expect<string>(first.nameOf(digest)).toBe(same.nameOf(digest));
    expect<string>(first.nameOf(digest)).not.toBe(other.nameOf(digest));
    expect<string>(first.nameOf(digest)).not.toBe(digest);
    expect<string>(openCodec.nameOf(digest)).toBe(digest);
  });
});

test('an identity with a wrong letter is named as such, and not shown, be it the present one or a former', async () => {
  const wrong = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
  for (const [present, former] of [
    [wrong, []],
    [identity, [wrong]],
  ] as const) {
    const fault = await ageCodec(present, former).catch((error: unknown) => error);
    expect(fault).toMatchObject({ name: 'NotAnIdentity' });
    expect(Bun.inspect(fault)).not.toContain(wrong.slice(20));
  }
});
