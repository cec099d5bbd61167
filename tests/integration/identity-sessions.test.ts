import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { codeOf, PASSWORD, testIdentity } from '../support/identity';
import { openTestDatabase, type TestDatabase, testDatabase } from '../support/postgres';

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

describe('a refresh token', () => {
  test('is traded for new tokens of the same session, again and again', async () => {
    const first = await identity.authenticate(tokens.access_token);
    for (let round = 0; round < 3; round += 1) {
      const next = await identity.refresh(tokens.refresh_token);
      expect(next.refresh_token).not.toBe(tokens.refresh_token);
      expect(next.user).toEqual(tokens.user);
      expect(await identity.authenticate(next.access_token)).toEqual(first as NonNullable<typeof first>);
      tokens = next;
    }
  });

  test('that was spent revokes its whole family, which stays so, and no other', async () => {
    const other = await identity.logIn(email);
    const next = await identity.refresh(tokens.refresh_token);
    expect(await codeOf(identity.refresh(tokens.refresh_token))).toBe('UNAUTHENTICATED');
    expect(await codeOf(identity.refresh(next.refresh_token))).toBe('UNAUTHENTICATED');
    expect(await codeOf(identity.refresh(other.refresh_token))).toBe('answered');
  });

  test('used by ten at once is good for exactly one', async () => {
    const codes = await Promise.all(Array.from({ length: 10 }, () => codeOf(identity.refresh(tokens.refresh_token))));
    expect(codes.toSorted()).toEqual([...Array(9).fill('UNAUTHENTICATED'), 'answered']);
  });

  test('is refused from its expiry on, and that is no reason to revoke anything', async () => {
    identity.time.offsetMs = 3590_000;
    const next = await identity.refresh(tokens.refresh_token);
    identity.time.offsetMs += 3600_000;
    expect(await codeOf(identity.refresh(next.refresh_token))).toBe('UNAUTHENTICATED');
    const [count] = await db.sql(
      'select count(*)::int as n from sessions where user_id = $1 and revoked_at is not null',
      [tokens.user.id],
    );
    expect(count).toEqual({ n: 0 });
  });

  test('that nobody gave out is refused like any other', async () => {
    for (const unknown of ['x', 'x'.repeat(43), tokens.access_token.slice(0, 200)]) {
      expect(await codeOf(identity.refresh(unknown))).toBe('UNAUTHENTICATED');
    }
  });

  test('needs one connection, so that many at once don’t wait for each other in a small pool', async () => {
    const small = openTestDatabase(db.url, { poolSize: 2, connectTimeoutMs: 1500 });
    try {
      const logins = await Promise.all(Array.from({ length: 12 }, () => identity.logIn(email)));
      const narrow = testIdentity(small);
      const codes = await Promise.all(logins.map(({ refresh_token }) => codeOf(narrow.refresh(refresh_token))));
      expect(codes).toEqual(Array(12).fill('answered'));
    } finally {
      await small.close();
    }
  });
});

describe('logout', () => {
  const loggedOut = { message: 'Logged out.' };

  test('by the refresh token ends its session', async () => {
    const anyone = await identity.as(null);
    expect(await anyone.auth.logout({ refresh_token: tokens.refresh_token })).toEqual(loggedOut);
    expect(await codeOf(identity.refresh(tokens.refresh_token))).toBe('UNAUTHENTICATED');
    expect(await anyone.auth.logout({ refresh_token: tokens.refresh_token })).toEqual(loggedOut);
  });

  test('by a spent refresh token ends its session too', async () => {
    const next = await identity.refresh(tokens.refresh_token);
    await (await identity.as(null)).auth.logout({ refresh_token: tokens.refresh_token });
    expect(await codeOf(identity.refresh(next.refresh_token))).toBe('UNAUTHENTICATED');
  });

  test('by the access token alone ends its session and no other', async () => {
    const other = await identity.logIn(email);
    expect(await (await identity.as(tokens.access_token)).auth.logout()).toEqual(loggedOut);
    expect(await codeOf(identity.refresh(tokens.refresh_token))).toBe('UNAUTHENTICATED');
    expect(await codeOf(identity.refresh(other.refresh_token))).toBe('answered');
  });

  test('with an unknown refresh token is as good as done, and without any token is refused', async () => {
    const anyone = await identity.as(null);
    expect(await anyone.auth.logout({ refresh_token: 'unknown' })).toEqual(loggedOut);
    expect(await codeOf(anyone.auth.logout({}))).toBe('UNAUTHENTICATED');
  });
});

describe('the list of sessions', () => {
  test('has each one’s device, the last used first, and says which is this one', async () => {
    identity.time.offsetMs = 1000;
    const phone = await identity.logIn(email, PASSWORD, { ip: '2001:db8::1', userAgent: 'phone' });
    identity.time.offsetMs = 2000;
    await identity.refresh(tokens.refresh_token);
    const { sessions } = await (await identity.as(phone.access_token)).users.sessions();
    expect(sessions).toMatchObject([
      { ip: '203.0.113.7', user_agent: 'tests', current: false },
      { ip: '2001:db8::1', user_agent: 'phone', current: true },
    ]);
    const [first] = sessions;
    expect(Date.parse(first!.last_used_at)).toBeGreaterThan(Date.parse(first!.created_at));
  });

  test('has none that can’t be refreshed any more, and none of another', async () => {
    await identity.register(`other-${email}`);
    const ended = await identity.logIn(email);
    await (await identity.as(null)).auth.logout({ refresh_token: ended.refresh_token });
    const me = await identity.as(tokens.access_token);
    expect((await me.users.sessions()).sessions).toHaveLength(1);
    identity.time.offsetMs = 3601_000;
    expect((await me.users.sessions()).sessions).toHaveLength(0);
  });
});

describe('ending a session', () => {
  const idOf = async (accessToken: string) => (await identity.authenticate(accessToken))?.sessionId ?? '';

  test('of one’s own makes its refresh token worthless, once', async () => {
    const lost = await identity.logIn(email);
    const me = await identity.as(tokens.access_token);
    const id = await idOf(lost.access_token);
    expect(await me.users.revokeSession({ id })).toBeUndefined();
    expect(await codeOf(identity.refresh(lost.refresh_token))).toBe('UNAUTHENTICATED');
    expect(await codeOf(identity.refresh(tokens.refresh_token))).toBe('answered');
    expect(await codeOf(me.users.revokeSession({ id }))).toBe('NOT_FOUND');
  });

  test('of another answers as if there were none, and ends nothing', async () => {
    const other = await identity.register(`other-${email}`);
    const me = await identity.as(tokens.access_token);
    expect(await codeOf(me.users.revokeSession({ id: await idOf(other.access_token) }))).toBe('NOT_FOUND');
    expect(await codeOf(me.users.revokeSession({ id: Bun.randomUUIDv7() }))).toBe('NOT_FOUND');
    expect(await codeOf(identity.refresh(other.refresh_token))).toBe('answered');
  });
});

describe('an account', () => {
  test('has a hundred sessions at most: one more login ends the one that was not used for longest', async () => {
    const { id } = tokens.user;
    const ended = async () =>
      (
        await db.sql<{ n: number }>(
          'select count(*)::int as n from sessions where user_id = $1 and revoked_at is not null',
          [id],
        )
      )[0]?.n;
    await db.sql(
      `insert into sessions (id, user_id, created_at, last_used_at)
        select gen_random_uuid(), $1, now(), now() - interval '1 day' from generate_series(1, 99)`,
      [id],
    );
    expect(await ended()).toBe(0);
    await identity.logIn(email);
    expect(await ended()).toBe(1);
    expect(await codeOf(identity.refresh(tokens.refresh_token))).toBe('answered');
  });

  test('keeps a hundred of any number that it had', async () => {
    const { id } = tokens.user;
    await db.sql(
      `insert into sessions (id, user_id, created_at, last_used_at)
        select gen_random_uuid(), $1, now(), now() - interval '1 day' from generate_series(1, 3000)`,
      [id],
    );
    const logins = await Promise.all([identity.logIn(email), identity.logIn(email), identity.logIn(email)]);
    for (const { refresh_token } of logins) expect(await codeOf(identity.refresh(refresh_token))).toBe('answered');
    await identity.logIn(email);
    const [alive] = await db.sql<{ n: number }>(
      'select count(*)::int as n from sessions where user_id = $1 and revoked_at is null',
      [id],
    );
    expect(alive).toEqual({ n: 100 });
  });
});
