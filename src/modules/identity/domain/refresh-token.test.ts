import { expect, test } from 'bun:test';
import { newRefreshToken, refreshTokenHash } from './refresh-token';
import { judgeRefreshToken, type RefreshTokenState } from './session';

const now = new Date('2026-01-01T00:00:00Z');
const good = { revoked: false, spent: false, expiresAt: new Date(now.getTime() + 1) } as RefreshTokenState;

test('a refresh token is 256 random bits, and its stored hash tells nothing of it', () => {
  const token = newRefreshToken();
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(new Set(Array.from({ length: 100 }, newRefreshToken)).size).toBe(100);
  expect(refreshTokenHash(token)).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  ['good', {}],
  ['dead', { expiresAt: now }],
  ['dead', { revoked: true }],
  ['reused', { spent: true }],
  ['reused', { spent: true, expiresAt: now }],
  ['dead', { spent: true, revoked: true }],
] as const)('a refresh token is %s when it is %p', (judgement, change) => {
  expect(judgeRefreshToken({ ...good, ...change }, now)).toBe(judgement);
});
