import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { newId, type UserId } from '../../../kernel/ids';
import { CannotOpen, type Owner, type Sealed } from '../domain/envelope';
import { aesEnvelope } from './aes-envelope';
import { keyRing } from './key-ring';

const [OLD, NEW] = ['the old key of these tests, 0123456789', 'the new key of these tests, 0123456789'];
const envelope = aesEnvelope(keyRing([OLD]));
const anOwner = (): Owner => ({ userId: newId<UserId>(), provider: 'mercadolibre' });

function whyNot(open: () => string): string {
  try {
    return `opened: ${open()}`;
  } catch (error) {
    if (error instanceof CannotOpen) return error.reason;
    throw error;
  }
}

/** The same with one bit changed. */
function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

describe('a sealed text', () => {
  test('opens for its owner as it was, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const owner = anOwner();
        expect(envelope.open(owner, envelope.seal(owner, text))).toBe(text);
      }),
    );
  });

  test('shows nothing of the text, and never the same bytes twice', () => {
    const owner = anOwner();
    const [one, two] = [envelope.seal(owner, 'APP_USR-secret'), envelope.seal(owner, 'APP_USR-secret')];
    expect(one.sealed.includes('APP_USR')).toBe(false);
    expect(one.sealed.equals(two.sealed)).toBe(false);
    expect(one.wrappedKey.equals(two.wrappedKey)).toBe(false);
  });

  test('does not open as another owner’s', () => {
    const sealed = envelope.seal(anOwner(), 'mine');
    expect(whyNot(() => envelope.open(anOwner(), sealed))).toBe('tampered');
  });

  test('does not open with one bit changed, wherever', () => {
    const owner = anOwner();
    const sealed = envelope.seal(owner, 'mine');
    const changed = (['sealed', 'wrappedKey'] as const).flatMap((part) =>
      Array.from(
        { length: sealed[part].length * 8 },
        (_, bit): Sealed => ({ ...sealed, [part]: flipped(sealed[part], bit) }),
      ),
    );
    expect(new Set(changed.map((one) => whyNot(() => envelope.open(owner, one))))).toEqual(new Set(['tampered']));
  });

  test('does not open cut short, or with the data key of another text of the same owner', () => {
    const owner = anOwner();
    const [one, two] = [envelope.seal(owner, 'one'), envelope.seal(owner, 'two')];
    expect(whyNot(() => envelope.open(owner, { ...one, sealed: one.sealed.subarray(0, 20) }))).toBe('tampered');
    expect(whyNot(() => envelope.open(owner, { ...one, wrappedKey: two.wrappedKey }))).toBe('tampered');
  });

  test('does not open under another key id, known or not', () => {
    const both = aesEnvelope(keyRing([NEW, OLD]));
    const owner = anOwner();
    const sealed = envelope.seal(owner, 'mine');
    expect(whyNot(() => both.open(owner, { ...sealed, keyId: both.currentKeyId }))).toBe('tampered');
    expect(whyNot(() => both.open(owner, { ...sealed, keyId: 'ffffffffffffffff' }))).toBe('unknown_key');
    expect(whyNot(() => aesEnvelope(keyRing([NEW])).open(owner, sealed))).toBe('unknown_key');
  });
});

describe('a rotation', () => {
  test('lets the old key go: what was wrapped anew opens with the new key alone', () => {
    const owner = anOwner();
    const sealed = envelope.seal(owner, 'mine');
    const again = aesEnvelope(keyRing([NEW, OLD])).rewrap(owner, sealed);
    expect(aesEnvelope(keyRing([NEW])).open(owner, again)).toBe('mine');
    expect(again.sealed.equals(sealed.sealed)).toBe(true);
    expect(whyNot(() => envelope.open(owner, again))).toBe('unknown_key');
  });

  test('wraps nothing anew that does not open', () => {
    const owner = anOwner();
    const sealed = envelope.seal(owner, 'mine');
    const spoilt = { ...sealed, sealed: flipped(sealed.sealed, 100) };
    expect(whyNot(() => String(aesEnvelope(keyRing([NEW, OLD])).rewrap(owner, spoilt)))).toBe('tampered');
  });
});

test('the id of a key is the same in every process and tells nothing of the key', () => {
  const [one, again, other] = [keyRing([OLD]), keyRing([OLD]), keyRing([NEW])].map(({ current }) => current);
  expect(one?.id).toMatch(/^[0-9a-f]{16}$/);
  expect(again?.id).toBe(one!.id);
  expect(other?.id).not.toBe(one?.id);
  expect(one?.key.toString('hex')).not.toContain(one!.id);
});
