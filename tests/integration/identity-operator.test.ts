import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { codeOf, PASSWORD, testIdentity } from '../support/identity';
import { type TestDatabase, testDatabase } from '../support/postgres';

let db: TestDatabase;
let identity: ReturnType<typeof testIdentity>;

beforeAll(async () => {
  db = await testDatabase();
  identity = testIdentity(db.database, { registrationEnabled: false });
}, 60_000);
afterAll(() => db.drop());

describe('an operator', () => {
  test.each(['seller', 'worker', 'admin'] as const)(
    'makes a %s who can log in, also where registration is closed',
    async (role) => {
      const { user, password } = await identity.operator.createUser({ role });
      expect(user.role).toBe(role);
      expect((await identity.logIn(user.email, password)).user).toMatchObject({ id: user.id, role });
    },
  );

  test('names email and password, and is bound by the same rules', async () => {
    const { createUser } = identity.operator;
    const { user } = await createUser({ role: 'admin', email: 'Root@example.com', password: PASSWORD });
    expect(user.email).toBe('root@example.com' as never);
    expect(await codeOf(identity.logIn('root@example.com'))).toBe('answered');
    await expect(createUser({ role: 'admin', email: 'root@example.com' })).rejects.toMatchObject({
      code: 'EMAIL_TAKEN',
    });
    await expect(createUser({ role: 'admin', password: 'short' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  test('gets tokens of one shared account per role, however many ask first', async () => {
    const tokens = await Promise.all(Array.from({ length: 4 }, () => identity.operator.issueToken({ role: 'worker' })));
    const principals = await Promise.all(tokens.map((token) => identity.authenticate(token)));
    expect(new Set(principals.map((principal) => principal?.userId)).size).toBe(1);
    expect(principals[0]).toEqual(await identity.operator.actAs({ role: 'worker' }));
    expect(principals[0]).toMatchObject({ role: 'worker' });
    expect(principals[0]).not.toHaveProperty('sessionId');
  });

  test('gets a token of any account by id or email, and none for what is no account', async () => {
    const { issueToken, createUser } = identity.operator;
    const { user } = await createUser({ role: 'seller' });
    for (const account of [{ userId: user.id }, { email: user.email.toUpperCase() }]) {
      expect((await identity.authenticate(await issueToken(account)))?.userId).toBe(user.id);
    }
    for (const account of [{ userId: Bun.randomUUIDv7() }, { userId: 'me' }, { email: 'nobody@example.com' }]) {
      await expect(issueToken(account)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  test('gets no token of a role for a shared account that was given another role', async () => {
    await identity.operator.issueToken({ role: 'admin' });
    await db.sql(`update users set role = 'seller' where email = 'admin@operator.invalid'`);
    await expect(identity.operator.issueToken({ role: 'admin' })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('sets a new password, which ends every session', async () => {
    const { createUser, setPassword } = identity.operator;
    const { user, password } = await createUser({ role: 'seller' });
    const { refresh_token } = await identity.logIn(user.email, password);
    const made = await setPassword({ email: user.email });
    expect(await codeOf(identity.refresh(refresh_token))).toBe('UNAUTHENTICATED');
    expect(await codeOf(identity.logIn(user.email, password))).toBe('UNAUTHENTICATED');
    expect(await codeOf(identity.logIn(user.email, made.password))).toBe('answered');
    await setPassword({ userId: user.id }, PASSWORD);
    expect(await codeOf(identity.logIn(user.email, PASSWORD))).toBe('answered');
    await expect(setPassword({ userId: user.id }, 'short')).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  test('lists the accounts, oldest first and without their hashes', async () => {
    const listed = await identity.operator.listUsers();
    expect(listed.length).toBeGreaterThan(3);
    expect(listed).toEqual(listed.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime()));
    expect(JSON.stringify(listed)).not.toContain('argon2');
  });

  test('uses a token without a session where a session would be named', async () => {
    const token = await identity.operator.issueToken({ role: 'seller' });
    const caller = await identity.as(token);
    expect(await caller.users.me()).toMatchObject({ email: 'seller@operator.invalid' });
    expect(await caller.auth.logout({})).toEqual({ message: 'Logged out.' });
    expect(await caller.users.sessions()).toEqual({ sessions: [] });
  });
});
