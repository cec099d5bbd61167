import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { AppError } from '../../src/kernel/app-error';
import { logIn } from '../../src/modules/identity/application/log-in';
import { postgresLoginFailures } from '../../src/modules/identity/infrastructure/postgres-login-failures';
import { postgresSessions } from '../../src/modules/identity/infrastructure/postgres-sessions';
import { postgresUsers } from '../../src/modules/identity/infrastructure/postgres-users';
import { spentRows } from '../../src/modules/maintenance/infrastructure/postgres-spent-rows';
import { transactionsOf } from '../../src/platform/database/transaction';
import { codeOf, PASSWORD, testIdentity } from '../support/identity';
import { type TestDatabase, testDatabase } from '../support/postgres';

const LIMITS = { freeFailures: 3, accountFailures: 50, longestWaitSeconds: 900 };
const UNDER_ATTACK = { ...LIMITS, accountFailures: 1 };
const HOME = '203.0.113.7'; // where testIdentity registers
const ELSEWHERE = '198.51.100.20';
const WRONG = 'not the password at all';

let db: TestDatabase;
let identity: ReturnType<typeof testIdentity>;
let accounts = 0;

beforeAll(async () => {
  db = await testDatabase();
  identity = testIdentity(db.database, { loginLimits: LIMITS });
}, 60_000);
afterAll(() => db.drop());
beforeEach(() => db.sql('delete from login_failures'));

async function anAccount(): Promise<string> {
  accounts += 1;
  const email = `owner-${accounts}@example.com`;
  await identity.register(email);
  return email;
}

const tryFrom = (ip: string, email: string, password = WRONG, by = identity) =>
  codeOf(by.logIn(email, password, { ip }));

async function tryOften(times: number, ip: string, email: string): Promise<string[]> {
  const codes: string[] = [];
  for (let n = 0; n < times; n += 1) codes.push(await tryFrom(ip, email));
  return codes;
}

/** As if the wait had passed. */
const waited = () =>
  db.sql("update login_failures set blocked_until = now() - interval '1 s' where blocked_until is not null");
/** As if the next wait were long: a slow machine must not sit it out. */
const prolong = () =>
  db.sql("update login_failures set blocked_until = now() + interval '1 h' where blocked_until is not null");

const REFUSED = 'UNAUTHENTICATED';
const WAITS = 'RATE_LIMITED';

describe('an address that fails', () => {
  test('may do so some times for nothing, then waits, each time twice as long; a refused attempt does not count', async () => {
    const email = await anAccount();
    expect(await tryOften(3, ELSEWHERE, email)).toEqual([REFUSED, REFUSED, REFUSED]);
    const seconds: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      const [row] = await db.sql<{ s: number }>(
        'select extract(epoch from blocked_until - last_failed_at)::float8 as s from login_failures where blocked_until is not null',
      );
      seconds.push(Math.round(row?.s ?? 0));
      await prolong();
      expect(await tryFrom(ELSEWHERE, email)).toBe(WAITS);
      await waited();
      expect(await tryFrom(ELSEWHERE, email)).toBe(REFUSED);
    }
    expect(seconds).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  }, 60_000);

  test('is told how long, and the right password waits with it', async () => {
    const email = await anAccount();
    await tryOften(3, ELSEWHERE, email);
    await prolong();
    const refusal: unknown = await identity.logIn(email, PASSWORD, { ip: ELSEWHERE }).catch(({ cause }) => cause);
    expect(refusal).toMatchObject({ code: WAITS, httpStatus: 429 });
    const { retryAfterSeconds = 0 } = refusal as AppError;
    expect(retryAfterSeconds).toBeGreaterThan(3500);
    expect(retryAfterSeconds).toBeLessThanOrEqual(3600);
    await waited();
    expect(await tryFrom(ELSEWHERE, email, PASSWORD)).toBe('answered');
    expect(await tryOften(2, ELSEWHERE, email)).toEqual([REFUSED, REFUSED]); // counted anew
  });

  test('counts on every instance, and with another email not at all', async () => {
    const [one, two] = [await anAccount(), await anAccount()];
    await tryOften(3, ELSEWHERE, one);
    await prolong();
    const other = testIdentity(db.database, { loginLimits: LIMITS });
    expect(await tryFrom(ELSEWHERE, one, WRONG, other)).toBe(WAITS);
    expect(await tryFrom(ELSEWHERE, two)).toBe(REFUSED);
  });

  test('is one with all of its /64, and the next /64 is another', async () => {
    const email = await anAccount();
    for (const last of ['1', '2', 'ffff']) await tryFrom(`2001:db8:5:6::${last}`, email);
    await prolong();
    expect(await tryFrom('2001:db8:5:6:7::8', email)).toBe(WAITS);
    expect(await tryFrom('2001:db8:5:7::1', email)).toBe(REFUSED);
  });

  test('has of many attempts at once no more looked at than one after the other', async () => {
    const failures = postgresLoginFailures(db.database.orm, UNDER_ATTACK);
    await failures.confirm({ email: 'many@example.com', ip: null });
    const attempt = { email: 'many@example.com', ip: ELSEWHERE };
    const waits = await Promise.all(Array.from({ length: 20 }, () => failures.begin(attempt)));
    expect(waits.filter((seconds) => seconds === 0)).toHaveLength(1);
    expect(Math.min(...waits.filter((seconds) => seconds > 0))).toBeGreaterThan(30);
  });

  test('of a stolen token guesses the password no faster', async () => {
    const email = await anAccount();
    const tokens = await identity.logIn(email);
    const thief = await identity.as(tokens.access_token, { ip: ELSEWHERE });
    const guess = (current_password: string) =>
      codeOf(thief.users.changePassword({ current_password, new_password: 'a password of the thief' }));
    expect([await guess(WRONG), await guess(WRONG), await guess(WRONG)]).toEqual(Array(3).fill('FORBIDDEN'));
    await prolong();
    expect(await guess(PASSWORD)).toBe(WAITS);
  });
});

describe('nobody is locked out', () => {
  test('by who fails elsewhere, however often', async () => {
    const email = await anAccount();
    await tryOften(4, ELSEWHERE, email);
    expect(await tryFrom(HOME, email, PASSWORD)).toBe('answered');
    expect(await tryFrom('192.0.2.99', email, PASSWORD)).toBe('answered');
  });

  test('by who fails at the same address, where the account has had a session', async () => {
    const email = await anAccount();
    await tryOften(3, HOME, email);
    await prolong();
    expect(await tryFrom(HOME, email)).toBe(WAITS);
    expect(await tryFrom(HOME, email, PASSWORD)).toBe('answered');
  });

  test('while many addresses fail with the email: the right password is let in from a new one, who fails waits a minute', async () => {
    const email = await anAccount();
    const attacked = testIdentity(db.database, { loginLimits: { ...LIMITS, accountFailures: 5 } });
    for (let n = 1; n <= 5; n += 1) await tryFrom(`198.51.100.${n}`, email, WRONG, attacked);
    expect(await tryFrom('192.0.2.1', email, PASSWORD, attacked)).toBe('answered');
    expect(await tryFrom('192.0.2.2', email, WRONG, attacked)).toBe(REFUSED);
    const refusal: unknown = await attacked.logIn(email, WRONG, { ip: '192.0.2.2' }).catch(({ cause }) => cause);
    expect(refusal).toMatchObject({ code: WAITS });
    expect((refusal as AppError).retryAfterSeconds).toBeGreaterThan(30);
    expect(await tryFrom(HOME, email, PASSWORD, attacked)).toBe('answered');
  });

  test('who has a session goes on with it', async () => {
    const email = await anAccount();
    const { refresh_token } = await identity.logIn(email, PASSWORD, { ip: ELSEWHERE });
    await tryOften(4, ELSEWHERE, email);
    await prolong();
    expect(await codeOf(identity.refresh(refresh_token))).toBe('answered');
  });
});

describe('an unknown email', () => {
  test('is refused in the same steps as a wrong password, before and after it has to wait', async () => {
    const email = await anAccount();
    for (const ip of [HOME, ELSEWHERE]) {
      const steps = async (of: string) => {
        await db.sql('delete from login_failures');
        const codes = await tryOften(3, ip, of);
        await prolong();
        return [...codes, await tryFrom(ip, of), await tryFrom(ip, of)];
      };
      const known = await steps(email);
      expect(known).toEqual([REFUSED, REFUSED, REFUSED, WAITS, WAITS]);
      expect(await steps('nobody@example.com')).toEqual(known);
      expect(await steps('no email')).toEqual(known);
    }
  });

  test('costs exactly one slow hash and the same statements, as a wrong password does, waiting or not', async () => {
    const email = await anAccount();
    const { tried, login } = countingLogin();
    for (const ip of [HOME, ELSEWHERE]) {
      for (const of of [email, 'nobody@example.com', 'no email']) {
        for (let n = 0; n < 4; n += 1)
          await login({ email: of, password: WRONG }, { ip, userAgent: null }).catch(() => 0);
        await prolong();
        await login({ email: of, password: WRONG }, { ip, userAgent: null }).catch(() => 0);
      }
    }
    expect(tried.hashes).toBe(2 * 3 * 5);
    expect(tried.from).toEqual(new Set([HOME, ELSEWHERE]));
    expect(new Set(tried.usedFrom.map(({ asked }) => asked))).toEqual(new Set([1]));
  });

  /** A login whose hasher and sessions count what they are asked; each attempt is to ask both once. */
  function countingLogin() {
    const tried = { hashes: 0, from: new Set<string | null>(), usedFrom: [] as { asked: number }[] };
    const sessions = postgresSessions(db.database);
    const counted = logIn({
      users: postgresUsers(db.database),
      failures: postgresLoginFailures(db.database.orm, LIMITS),
      isCommonPassword: async () => false,
      sessions: {
        ...sessions,
        usedFrom: (userId, ip) => {
          const last = tried.usedFrom.at(-1);
          if (last) last.asked += 1;
          return sessions.usedFrom(userId, ip);
        },
      },
      hasher: {
        hash: () => Promise.reject(new Error('nothing is hashed anew')),
        verify: async (_password, _hash, from) => {
          tried.hashes += 1;
          tried.from.add(from);
          return false;
        },
      },
      inTransaction: transactionsOf(db.database),
      clock: () => new Date(),
      refreshTokenTtlSeconds: 60,
      accessTokens: { ttlSeconds: 60, sign: async () => '', verify: async () => null, expiryOf: () => new Date(0) },
    });
    const login: typeof counted = (claimed, device) => {
      tried.usedFrom.push({ asked: 0 });
      return counted(claimed, device);
    };
    return { tried, login };
  }
});

test('what was tried is kept as hashes alone', async () => {
  await tryOften(2, ELSEWHERE, 'somebody-else@example.com');
  const rows = await db.sql<{ key: string }>('select * from login_failures');
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(JSON.stringify(row)).not.toMatch(/somebody|198\.51/);
});

test('an attempt whose password was not looked at does not count', async () => {
  const failures = postgresLoginFailures(db.database.orm, { ...LIMITS, freeFailures: 1 });
  const attempt = { email: 'queue@example.com', ip: ELSEWHERE };
  for (let n = 0; n < 3; n += 1) {
    expect(await failures.begin(attempt)).toBe(0);
    await failures.withdraw(attempt);
  }
  const [row] = await db.sql('select failures, blocked_until from login_failures');
  expect(row).toEqual({ failures: 0, blocked_until: null });
});

describe('the sweep', () => {
  const sweep = (most?: number) =>
    spentRows(db.database.orm, 2, most)
      .find(({ name }) => name === 'login_failures')
      ?.run(new AbortController().signal);
  const left = async () =>
    (await db.sql<{ key: string }>('select trim(key) as key from login_failures order by key')).map(({ key }) => key);
  const kept = (...hours: number[]) =>
    db.sql(
      `insert into login_failures (key, failures, last_failed_at)
        select h::text, 1, now() - make_interval(hours => h) from unnest($1::int[]) as h`,
      [hours],
    );

  test('forgets an address a day after its last failure', async () => {
    await kept(1, 23, 25, 49, 90);
    expect(await sweep()).toEqual({ login_failures: 3 });
    expect(await left()).toEqual(['1', '23']);
  });

  test('keeps no more than a flood may leave, the youngest', async () => {
    await kept(1, 2, 3, 4, 5, 6);
    expect(await sweep(4)).toEqual({ login_failures: 2 });
    expect(await left()).toEqual(['1', '2', '3', '4']);
  });
});
