import { expect, test } from 'bun:test';
import { cutTextSchema, imageIdOf, jsonSchema, leaseIdOf, textSchema } from './fields';

test('text and objects that PostgreSQL cannot hold are refused, however deep it stands', () => {
  const bad = ['a\0b', '\ud800'];
  for (const text of bad) {
    expect(textSchema(10).safeParse(text).success).toBe(false);
    expect(jsonSchema.safeParse({ a: [{ b: text }] }).success).toBe(false);
    expect(jsonSchema.safeParse({ [text]: 1 }).success).toBe(false);
  }
  expect(jsonSchema.safeParse({ title: 'Lámpara 💡', steps: [1, null, { done: true }] }).success).toBe(true);
});

test('text whose length shall refuse nothing is cut, and never inside of a character', () => {
  expect(cutTextSchema(5).parse(' 1234567 ')).toBe('12345');
  expect(cutTextSchema(5).parse('💡234💡7')).toBe('💡234💡');
  expect(cutTextSchema(5).parse('12345\ud83d')).toBe('12345');
  expect(cutTextSchema(5).safeParse('1234\ud83d').success).toBe(false);
  expect(cutTextSchema(5).safeParse('a\0b').success).toBe(false);
  expect(cutTextSchema(5).safeParse(' ').success).toBe(false);
});

test('an object is taken up to 64 KiB of JSON', () => {
  expect(jsonSchema.safeParse({ a: 'x'.repeat(65_000) }).success).toBe(true);
  expect(jsonSchema.safeParse({ a: 'x'.repeat(65_600) }).success).toBe(false);
});

test('an object is taken up to 32 levels; what is far too deep for recursion is refused, and nothing is thrown', () => {
  const nested = (levels: number) => {
    let value: object = {};
    for (let n = 1; n < levels; n += 1) value = n % 2 ? [value] : { a: value };
    return { a: value };
  };
  expect(jsonSchema.safeParse(nested(31)).success).toBe(true);
  expect(jsonSchema.safeParse(nested(32)).success).toBe(false);
  const [issue, ...others] = jsonSchema.safeParse(nested(1_000_000)).error!.issues;
  expect(issue?.message).toBe('may be nested 32 deep at most');
  expect(others).toEqual([]);
});

test('what is no id is an unknown one; upper case is an id', () => {
  expect(() => leaseIdOf('lease')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  expect(() => imageIdOf("'")).toThrow(expect.objectContaining({ code: 'IMAGE_NOT_FOUND' }));
  const id = '019f4f2c-52c1-7abc-8def-0123456789ab';
  expect([leaseIdOf(id.toUpperCase()), imageIdOf(id.toUpperCase())]).toEqual([id, id] as never);
});
