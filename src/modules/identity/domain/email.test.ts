import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isOperatorEmail, operatorEmail, parseEmail, requireEmail } from './email';

describe('an email address', () => {
  test('is the same account however it is cased and padded', () => {
    expect(parseEmail('  Ana.Perez+ML@Example.COM ')).toBe(requireEmail('ana.perez+ml@example.com'));
  });

  test.each([
    '',
    'ana',
    'ana@',
    '@example.com',
    'ana@example',
    'ana@@example.com',
    'ana@exam ple.com',
    'ana perez@example.com',
    '.ana@example.com',
    'ana.@example.com',
    'an..a@example.com',
    'ana@-example.com',
    'ana@example-.com',
    'ana@example..com',
    'ana@example.com\0',
    'ana@example.com\nbcc: x@example.com',
    '"ana"@example.com',
    'aña@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ana@${'a'.repeat(64)}.com`,
    `ana@${'abcdefghi.'.repeat(25)}com`,
  ])('is refused as %p', (text) => {
    expect(parseEmail(text)).toBeNull();
    expect(() => requireEmail(text)).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
  });

  test('may have 64 characters before the @ and 254 in all, and no more', () => {
    const domain = `${'d'.repeat(63)}.${'d'.repeat(63)}.${'d'.repeat(58)}.io`;
    const longest = `${'a'.repeat(64)}@${domain}`;
    expect(longest.length).toBe(254);
    expect(parseEmail(longest)).toBe(longest as never);
    expect(parseEmail(`${'a'.repeat(64)}@d${domain}`)).toBeNull();
  });

  test('stays as it is when it is parsed again', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (text) => {
        const email = parseEmail(text);
        expect(email === null || parseEmail(email) === email).toBe(true);
      }),
    );
  });

  test('is judged in linear time: the square of so many characters would outlast this test', () => {
    expect(parseEmail(`${'a.'.repeat(1_000_000)}@`)).toBeNull();
  });

  test('of an operator is told from a seller’s', () => {
    expect(isOperatorEmail(operatorEmail('worker'))).toBe(true);
    expect(isOperatorEmail(requireEmail('worker@operator.invalid.example.com'))).toBe(false);
  });
});
