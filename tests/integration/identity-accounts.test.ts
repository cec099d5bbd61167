import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { UserId } from '../../src/kernel/ids';
import { logIn } from '../../src/modules/identity/application/log-in';
import { postgresLoginFailures } from '../../src/modules/identity/infrastructure/postgres-login-failures';
import { postgresSessions } from '../../src/modules/identity/infrastructure/postgres-sessions';
import { postgresUsers } from '../../src/modules/identity/infrastructure/postgres-users';
import { transactionsOf } from '../../src/platform/database/transaction';
import { codeOf, LOGIN_LIMITS, PASSWORD, testIdentity } from '../support/identity';
import { type TestDatabase, testDatabase } from '../support/postgres';

let db: TestDatabase;
let identity: ReturnType<typeof testIdentity>;

beforeAll(async () => {
  db = await testDatabase();
  identity = testIdentity(db.database);
}, 60_000);
afterAll(() => db.drop());

describe('registration', () => {
  test('answers tokens of a new seller, who is then who the access token says', async () => {
    const anyone = await identity.as(null);
    const input = { email: ' Ana@Example.com', password: PASSWORD, first_name: ' Ana ', last_name: '' };
    const answer = await anyone.auth.register(input);
    expect(answer).toMatchObject({ token_type: 'bearer', expires_in: 900 });
    expect(answer.user).toMatchObject({ email: 'ana@example.com', first_name: 'Ana', last_name: null, role: 'seller' });
    expect(await (await identity.as(answer.access_token)).users.me()).toEqual(answer.user);
  });

  test('keeps neither the password nor the refresh token, only hashes of them', async () => {
    const { refresh_token, user } = await identity.register('hashes@example.com');
    const [kept] = await db.sql<{ password_hash: string; token_hash: string }>(
      `select password_hash, token_hash from users u join sessions s on s.user_id = u.id
       join refresh_tokens t on t.session_id = s.id where u.id = $1`,
      [user.id],
    );
    expect(kept?.password_hash).toStartWith('$argon2id$');
    expect(kept?.token_hash).toBe(new Bun.CryptoHasher('sha256').update(refresh_token).digest('hex'));
  });

  test('of one email by ten at once makes one account', async () => {
    const spellings = Array.from({ length: 10 }, (_, n) => (n % 2 ? 'TEN@example.com' : 'ten@Example.com'));
    const codes = await Promise.all(spellings.map((email) => codeOf(identity.register(email))));
    expect(codes.toSorted()).toEqual([...Array(9).fill('EMAIL_TAKEN'), 'answered']);
    const [count] = await db.sql(`select count(*)::int as n from users where email = 'ten@example.com'`);
    expect(count).toEqual({ n: 1 });
  });

  test('can be closed', async () => {
    const closed = testIdentity(db.database, { registrationEnabled: false });
    expect(await codeOf(closed.register('late@example.com'))).toBe('FORBIDDEN');
  });

  test.each([
    ['a short password', { password: 'abcdefghijk' }],
    ['a common password', { password: 'Password1234' }],
    ['the email as password', { password: 'someone@example.com' }],
    ['no email', { email: 'someone' }],
    ['an operator’s email', { email: 'worker@operator.invalid' }],
    ['a name that no column holds', { first_name: 'A\0na' }],
    ['a name of 101 characters', { last_name: 'a'.repeat(101) }],
    ['an unknown field', { role: 'admin' }],
  ])('with %s is refused, and makes no account', async (_, change) => {
    const input = { email: 'someone@example.com', password: PASSWORD, ...change };
    expect(await codeOf((await identity.as(null)).auth.register(input))).toBe('VALIDATION_FAILED');
    expect(await codeOf(identity.logIn('someone@example.com', input.password))).toBe('UNAUTHENTICATED');
  });

  test('takes a name of 100 characters beyond the basic plane', async () => {
    const input = { email: 'long@example.com', password: PASSWORD, first_name: '😀'.repeat(100) };
    const { user } = await (await identity.as(null)).auth.register(input);
    expect(user.first_name).toBe(input.first_name);
  });
});

describe('login', () => {
  test('holds however the email is cased, and begins a session of its own', async () => {
    const { user } = await identity.register('bea@example.com');
    const [one, two] = await Promise.all([identity.logIn('BEA@example.com'), identity.logIn('bea@example.com ')]);
    expect([one.user, two.user]).toEqual([user, user]);
    const sessionOf = async (token: string) => (await identity.authenticate(token))?.sessionId;
    expect(await sessionOf(one.access_token)).not.toBe(await sessionOf(two.access_token));
  });

  test('with an unknown email and with a wrong password answers the same', async () => {
    await identity.register('cleo@example.com');
    const refusalOf = async (email: string, password: string) => {
      const answer = identity.logIn(email, password);
      const error: unknown = await answer.catch((thrown: Error) => thrown.cause);
      const { code, message, details } = error as { code: string; message: string; details: unknown };
      return { code, message, details };
    };
    const wrong = await refusalOf('cleo@example.com', `${PASSWORD}!`);
    expect(wrong.code).toBe('UNAUTHENTICATED');
    expect(await refusalOf('nobody@example.com', PASSWORD)).toEqual(wrong);
    expect(await refusalOf('no email', PASSWORD)).toEqual(wrong);
    expect(await refusalOf('nul\0@example.com', PASSWORD)).toEqual(wrong);
  });

  test('is not refused for an address or a user agent that can’t be kept', async () => {
    await identity.register('dora@example.com');
    const from = { ip: 'unix:', userAgent: '😀'.repeat(900) };
    const { access_token } = await identity.logIn('dora@example.com', PASSWORD, from);
    const { sessions } = await (await identity.as(access_token)).users.sessions();
    expect(sessions.find(({ current }) => current)).toMatchObject({ ip: null, user_agent: '😀'.repeat(400) });
  });

  test.each([
    ['was changed', 'update users set password_hash = $2 where id = $1 and $2 <> password_hash', ['changed']],
    ['went with its account', 'delete from users where id = $1', []],
  ])('opens no session when the password %s while it was verified', async (what, sql, values) => {
    const email = `race-${what.length}@example.com`;
    const { user } = await identity.register(email);
    const racing = logIn({
      users: postgresUsers(db.database),
      sessions: postgresSessions(db.database),
      inTransaction: transactionsOf(db.database),
      failures: postgresLoginFailures(db.database.orm, LOGIN_LIMITS),
      isCommonPassword: async () => false,
      clock: () => new Date(),
      refreshTokenTtlSeconds: 60,
      accessTokens: {
        ttlSeconds: 60,
        sign: async () => 'token',
        verify: async () => null,
        expiryOf: () => new Date(0),
      },
      hasher: {
        hash: async () => '',
        verify: async () => {
          await db.sql(sql, [user.id, ...values]);
          return true;
        },
      },
    });
    const opened = racing({ email, password: PASSWORD }, { ip: null, userAgent: null });
    await expect(opened).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const [count] = await db.sql('select count(*)::int as n from sessions where user_id = $1', [user.id]);
    expect(count).toEqual({ n: what === 'was changed' ? 1 : 0 });
  });
});

test('a password can’t be changed between its last look and the session that it opens', async () => {
  const { user } = await identity.register('faye@example.com');
  await transactionsOf(db.database)(async (tx) => {
    await postgresUsers(db.database).holdPasswordHash(tx, user.id as UserId);
    const changing = db.sql(`set lock_timeout = '100ms'; update users set password_hash = 'x' where id = '${user.id}'`);
    await expect(changing).rejects.toThrow('lock timeout');
  });
});

describe('the account of an access token', () => {
  test('is asked of those who have one', async () => {
    const anyone = await identity.as(null);
    const calls = [anyone.users.me(), anyone.users.sessions(), anyone.users.revokeSession({ id: crypto.randomUUID() })];
    expect(await Promise.all(calls.map(codeOf))).toEqual(Array(3).fill('UNAUTHENTICATED'));
  });

  test('that is gone is nobody’s', async () => {
    const { access_token, refresh_token, user } = await identity.register('eva@example.com');
    await db.sql('delete from users where id = $1', [user.id]);
    const eva = await identity.as(access_token);
    const change = { current_password: PASSWORD, new_password: 'another good password' };
    expect(await codeOf(eva.users.me())).toBe('UNAUTHENTICATED');
    expect(await codeOf(eva.users.changePassword(change))).toBe('UNAUTHENTICATED');
    expect(await codeOf(identity.refresh(refresh_token))).toBe('UNAUTHENTICATED');
  });
});
