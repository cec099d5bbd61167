import { describe, expect, test } from 'bun:test';
import { requireEmail } from './email';
import { madeUpPassword, requireGoodPassword } from './password-policy';

const email = requireEmail('ana.perez@example.com');
const isCommon = async (password: string) => password === 'passwordpassword';
const judge = (password: string) => requireGoodPassword(isCommon, password, email, 'new_password');

describe('a password', () => {
  test.each(['abcdefghijkl', '😀'.repeat(12), ' '.repeat(12), 'x'.repeat(1024), madeUpPassword()])(
    'is good as %p',
    async (password) => {
      await judge(password);
    },
  );

  test.each([
    ['shorter than 12 characters', 'abcdefghijk'],
    ['long only in UTF-16 units', '😀'.repeat(11)],
    ['over 1024 bytes', 'é'.repeat(513)],
    ['the email address', ' Ana.Perez@example.com'],
    ['not Unicode', `abcdefghijkl\ud800`],
    ['one that everybody tries', 'passwordpassword'],
  ])('is refused when it is %s, naming its field and not itself', async (_, password) => {
    const refusal: unknown = await judge(password).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'VALIDATION_FAILED', details: { fields: [{ path: 'new_password' }] } });
    expect(`${refusal} ${JSON.stringify(refusal)}`).not.toContain(password);
  });

  test('that is made up is never made up again', () => {
    expect(madeUpPassword()).not.toBe(madeUpPassword());
  });
});
