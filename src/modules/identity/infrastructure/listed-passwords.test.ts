import { expect, test } from 'bun:test';
import { isListedPassword } from './listed-passwords';

test.each(['password1234', 'PassWord1234', ' passwordpassword ', '123456789012', '1qaz2wsx3edc', 'qwertyuiop123'])(
  '%p is one that everybody tries',
  async (password) => {
    expect(await isListedPassword(password)).toBe(true);
  },
);

test.each(['correct horse battery staple', 'a long enough password', 'password-123456', 'espresso cup, saucer'])(
  '%p is none of them',
  async (password) => {
    expect(await isListedPassword(password)).toBe(false);
  },
);
