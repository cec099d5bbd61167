import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { isAppError } from '../../../kernel/app-error';
import { parsePrompt } from './prompt';

function codeOf(text: string | undefined): string {
  try {
    parsePrompt(text);
    return 'accepted';
  } catch (error) {
    return isAppError(error) ? error.code : String(error);
  }
}

test('a prompt is trimmed and otherwise kept as it was written', () => {
  expect(String(parsePrompt(' \n Bicicleta  usada, rodado 26 \t'))).toBe('Bicicleta  usada, rodado 26');
});

test('line breaks of a form, of JSON and of old are the same, and each is one character', () => {
  for (const lineBreak of ['\r\n', '\n', '\r']) {
    expect(String(parsePrompt(`Bicicleta${lineBreak}${lineBreak}usada${lineBreak}`))).toBe('Bicicleta\n\nusada');
    expect(codeOf(`${'a'.repeat(249)}${lineBreak}${'a'.repeat(250)}`)).toBe('accepted');
    expect(codeOf(`${'a'.repeat(250)}${lineBreak}${'a'.repeat(250)}`)).toBe('INVALID_PROMPT');
  }
});

test.each([
  [9, 'INVALID_PROMPT'],
  [10, 'accepted'],
  [500, 'accepted'],
  [501, 'INVALID_PROMPT'],
])('%d characters: %s, counted as code points after trimming', (length, code) => {
  expect(codeOf(`  ${'a'.repeat(length)}  `)).toBe(code);
  expect(codeOf('🚲'.repeat(length))).toBe(code);
});

test('a missing prompt, one of blanks, one with NUL and one with half a character are refused', () => {
  const refused = [undefined, '', ' '.repeat(50), 'ten letters\0', 'ten letters \ud83d'];
  expect(refused.map(codeOf)).toEqual(refused.map(() => 'INVALID_PROMPT'));
});

test('other limits can be set, and the refusal names them', () => {
  expect(String(parsePrompt('abc', { min: 1, max: 3 }))).toBe('abc');
  expect(() => parsePrompt('abcd', { min: 1, max: 3 })).toThrow('1 to 3 characters; this one has 4');
});

test('whatever is accepted survives UTF-8 and has no blank at its ends', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 8, maxLength: 30 }), (text) => {
      if (codeOf(text) !== 'accepted') return;
      const prompt = String(parsePrompt(text));
      expect(Buffer.from(prompt).toString()).toBe(prompt);
      expect(prompt).toBe(prompt.trim());
    }),
  );
});
