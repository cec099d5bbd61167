import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isAppError } from '../../../kernel/app-error';
import { newId, type ProductId } from '../../../kernel/ids';
import { decodeCursor, encodeCursor } from './page-cursor';

const positions = fc.record({
  createdAt: fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
  id: fc.uuid().map((id) => id as ProductId),
});

describe('a cursor', () => {
  test('leads back to the position it was made of, to the millisecond', () => {
    fc.assert(
      fc.property(positions, (position) => {
        expect(decodeCursor(encodeCursor(position))).toEqual(position);
      }),
    );
  });

  test('goes into a URL as it is', () => {
    fc.assert(
      fc.property(positions, (position) => {
        const cursor = encodeCursor(position);
        expect(encodeURIComponent(cursor)).toBe(cursor);
      }),
    );
  });

  test('that was invented or altered is refused with VALIDATION_FAILED, or is another whole cursor', () => {
    const altered = fc.tuple(positions, fc.nat(), fc.base64String()).map(([position, at, piece]) => {
      const cursor = encodeCursor(position);
      const cut = at % cursor.length;
      return cursor.slice(0, cut) + piece + cursor.slice(cut + 1);
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), altered), (cursor) => {
        try {
          expect(encodeCursor(decodeCursor(cursor))).toBe(cursor);
        } catch (error) {
          expect(isAppError(error, 'VALIDATION_FAILED')).toBe(true);
        }
      }),
    );
  });

  const of = (text: string) => Buffer.from(text).toString('base64url');
  const id = newId();
  const wrong = {
    'a day that no month has': of(`2026-02-31T00:00:00.000Z ${id}`),
    'a year that PostgreSQL has not': of(`0000-01-01T00:00:00.000Z ${id}`),
    'a time that is none': of(`2026-13-01T00:00:00.000Z ${id}`),
    'an id that is none': of(`2026-01-01T00:00:00.000Z ${'x'.repeat(36)}`),
    'something behind it': `${of(`2026-01-01T00:00:00.000Z ${id}`)}==`,
  };
  for (const [what, cursor] of Object.entries(wrong)) {
    test(`with ${what} is refused`, () => {
      expect(() => decodeCursor(cursor)).toThrow('cursor is not one that this API has given');
    });
  }
});
