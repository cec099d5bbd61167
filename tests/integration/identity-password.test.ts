import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { codeOf, PASSWORD, testIdentity } from '../support/identity';
import { type TestDatabase, testDatabase } from '../support/postgres';

const NEW_PASSWORD = 'another good password';
let db: TestDatabase;
let identity: ReturnType<typeof testIdentity>;
let email: string;
let tokens: Awaited<ReturnType<typeof identity.register>>;

beforeAll(async () => {
  db = await testDatabase();
}, 60_000);
beforeEach(async () => {
  identity = testIdentity(db.database);
  email = `u${Bun.randomUUIDv7()}@example.com`;
  tokens = await identity.register(email);
});
afterAll(() => db.drop());

describe('a change of password', () => {
  const change = { current_password: PASSWORD, new_password: NEW_PASSWORD };

  test('revokes every other session and renews this one', async () => {
    const other = await identity.logIn(email);
    const fresh = await (await identity.as(tokens.access_token)).users.changePassword(change);
    expect(await codeOf(identity.refresh(other.refresh_token))).toBe('UNAUTHENTICATED');
    expect(await identity.authenticate(fresh.access_token)).toEqual(
      (await identity.authenticate(tokens.access_token))!,
    );
    expect(await codeOf(identity.refresh(fresh.refresh_token))).toBe('answered');
    expect(await codeOf(identity.logIn(email, PASSWORD))).toBe('UNAUTHENTICATED');
    expect(await codeOf(identity.logIn(email, NEW_PASSWORD))).toBe('answered');
  });

  test('spends the refresh token of this session', async () => {
    await (await identity.as(tokens.access_token)).users.changePassword(change);
    expect(await codeOf(identity.refresh(tokens.refresh_token))).toBe('UNAUTHENTICATED');
  });

  test('leaves another’s sessions alone', async () => {
    const other = await identity.register(`other-${email}`);
    await (await identity.as(tokens.access_token)).users.changePassword(change);
    expect(await codeOf(identity.refresh(other.refresh_token))).toBe('answered');
  });

  test('with a wrong current password or a bad new one changes nothing', async () => {
    const me = await identity.as(tokens.access_token);
    expect(await codeOf(me.users.changePassword({ ...change, current_password: 'wrong' }))).toBe('FORBIDDEN');
    expect(await codeOf(me.users.changePassword({ ...change, new_password: 'short' }))).toBe('VALIDATION_FAILED');
    expect(await codeOf(identity.logIn(email, PASSWORD))).toBe('answered');
    expect(await codeOf(identity.refresh(tokens.refresh_token))).toBe('answered');
  });

  test('by two at once is done by one', async () => {
    const me = await identity.as(tokens.access_token);
    const wanted = ['first good password', 'second good password'];
    const codes = await Promise.all(
      wanted.map((new_password) => codeOf(me.users.changePassword({ ...change, new_password }))),
    );
    expect(codes).toContain('answered');
    // the other had looked at the password before it was changed, or found it changed
    expect(['CONFLICT', 'FORBIDDEN']).toContain(codes.find((code) => code !== 'answered') ?? 'both answered');
    const winner = wanted[codes.indexOf('answered')];
    expect(await codeOf(identity.logIn(email, winner))).toBe('answered');
  });

  test('from a session that has ended begins a new one', async () => {
    await (await identity.as(null)).auth.logout({ refresh_token: tokens.refresh_token });
    const fresh = await (await identity.as(tokens.access_token)).users.changePassword(change);
    expect(await codeOf(identity.refresh(fresh.refresh_token))).toBe('answered');
  });
});
