import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { newId, type UserId } from '../../../kernel/ids';
import type { Claims } from '../domain/access-tokens';
import type { SessionId } from '../domain/session';
import { createAccessTokens } from './jwt-access-tokens';

const secret = 'the secret of these tests, long enough';
const otherSecret = 'the next secret of these tests, too long';
const options = { secret, issuer: 'issuer', audience: 'audience', ttlSeconds: 60 };
const claims: Claims = { userId: newId<UserId>(), role: 'worker', sessionId: newId<SessionId>() };
const tokens = createAccessTokens(options);

/** Header and payload of a token of ours, changed and signed anew with the right secret. */
async function forged(change: { header?: object; payload?: object; key?: string; hash?: string }): Promise<string> {
  const [header = '', payload = ''] = (await tokens.sign(claims)).split('.');
  const parts = [changed(header, change.header), changed(payload, change.payload)].join('.');
  const signature = createHmac(change.hash ?? 'sha256', change.key ?? secret).update(parts);
  return `${parts}.${signature.digest('base64url')}`;
}

function changed(part: string, change: object = {}): string {
  const content = JSON.parse(Buffer.from(part, 'base64url').toString());
  return Buffer.from(JSON.stringify({ ...content, ...change })).toString('base64url');
}

describe('an access token', () => {
  test('gives back the claims it was made of, with and without a session', async () => {
    expect(await tokens.verify(await tokens.sign(claims))).toEqual(claims);
    const { sessionId: _, ...withoutSession } = claims;
    expect(await tokens.verify(await tokens.sign(withoutSession))).toEqual(withoutSession);
  });

  test('signed anew with the right secret is good, so that the refusals below are for what they change', async () => {
    expect(await tokens.verify(await forged({}))).toEqual(claims);
  });

  test.each([
    ['another issuer', { payload: { iss: 'another' } }],
    ['no issuer', { payload: { iss: undefined } }],
    ['another audience', { payload: { aud: 'another' } }],
    ['no audience', { payload: { aud: undefined } }],
    ['no expiry', { payload: { exp: undefined } }],
    ['an expiry in the past', { payload: { exp: 1 } }],
    ['a subject that is no id', { payload: { sub: 'admin' } }],
    ['a role that is none', { payload: { role: 'root' } }],
    ['a session that is no id', { payload: { sid: 7 } }],
    ['the type of another token', { header: { typ: 'JWT' } }],
    ['no algorithm', { header: { alg: 'none' } }],
    ['another algorithm', { header: { alg: 'HS512' }, hash: 'sha512' }],
    ['no key id', { header: { kid: undefined } }],
    ['an unknown key id', { header: { kid: '0123456789abcdef' } }],
    ['another key', { key: otherSecret }],
  ])('with %s is refused', async (_, change) => {
    expect(await tokens.verify(await forged(change))).toBeNull();
  });

  test('is refused in pieces, changed or unsigned', async () => {
    const token = await tokens.sign(claims);
    const [header, payload] = token.split('.');
    for (const broken of [
      '',
      '.',
      '..',
      'x',
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${token}x`,
      ` ${token}`,
    ]) {
      expect(await tokens.verify(broken)).toBeNull();
    }
  });

  test('dies after its time', async () => {
    const clock = { now: new Date() };
    const timed = createAccessTokens({ ...options, clock: () => clock.now });
    const token = await timed.sign(claims);
    const start = Math.floor(clock.now.getTime() / 1000) * 1000;
    clock.now = new Date(start + 59_000);
    expect(await timed.verify(token)).toEqual(claims);
    clock.now = new Date(start + 60_000);
    expect(await timed.verify(token)).toBeNull();
  });

  test('of the previous secret stays good through a rotation, and not beyond', async () => {
    const token = await tokens.sign(claims);
    const rotated = createAccessTokens({ ...options, secret: otherSecret, previousSecret: secret });
    expect(await rotated.verify(token)).toEqual(claims);
    expect(await rotated.verify(await rotated.sign(claims))).toEqual(claims);
    expect(await tokens.verify(await rotated.sign(claims))).toBeNull();
    expect(await createAccessTokens({ ...options, secret: otherSecret }).verify(token)).toBeNull();
  });

  test('names its key without giving the secret away', async () => {
    const [header = ''] = (await tokens.sign(claims)).split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    expect(kid).toMatch(/^[0-9a-f]{16}$/);
  });
});
