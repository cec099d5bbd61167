import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { spentRows } from '../../src/modules/maintenance/infrastructure/postgres-spent-rows';
import { type Allowance, type Policy, rateLimits, type SharedCounts } from '../../src/platform/admission/rate-limits';
import { type TestDatabase, testDatabase } from '../support/postgres';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());
beforeEach(() => db.sql('delete from rate_limits'));

/** As the server asks: by the pool of the application's role. */
const shared = (): SharedCounts => ({ query: (statement) => db.database.orm.$client.query(statement) });
const failing: SharedCounts = { query: () => Promise.reject(new Error('down')) };

function instance(change: { auth?: number; user?: number; shared?: SharedCounts } = {}) {
  const refused: Policy[] = [];
  const told: Allowance[] = [];
  const quotas = { address: 0, user: change.user ?? 0, auth: change.auth ?? 0 };
  const limits = rateLimits(quotas, change.shared ?? shared(), (policy) => refused.push(policy));
  const spend = (policy: Policy, key: string, points = 1) =>
    limits
      .spend(policy, key, points, (left) => told.push(left))
      .then(
        () => 'let in',
        (error) => error.code as string,
      );
  return { spend, refused, told };
}

test('two instances count the same attempts together, and exactly, when they come at once', async () => {
  const instances = [instance({ auth: 10 }), instance({ auth: 10 })] as const;
  const attempts = Array.from({ length: 60 }, (_, index) => instances[index % 2 ? 1 : 0].spend('auth', 'address:a'));
  const answers = await Promise.all(attempts);
  expect(answers.filter((answer) => answer === 'let in')).toHaveLength(10);
  expect(answers.filter((answer) => answer === 'RATE_LIMITED')).toHaveLength(50);
  expect(await instances[0].spend('auth', 'address:b')).toBe('let in');
});

test('whoever has spent it is not asked for again until the window is over', async () => {
  let statements = 0;
  const counting: SharedCounts = {
    query: (statement) => {
      statements += 1;
      return shared().query(statement);
    },
  };
  const { spend } = instance({ auth: 3, shared: counting });
  for (let attempt = 0; attempt < 20; attempt += 1) await spend('auth', 'address:a');
  expect(statements).toBe(3);
});

test('without the database each instance limits by itself', async () => {
  const { spend, refused, told } = instance({ auth: 2, shared: failing });
  const answers = [
    await spend('auth', 'a'),
    await spend('auth', 'a'),
    await spend('auth', 'a'),
    await spend('auth', 'b'),
  ];
  expect(answers).toEqual(['let in', 'let in', 'RATE_LIMITED', 'let in']);
  expect(refused).toEqual(['auth']);
  expect(told.map(({ remaining }) => remaining)).toEqual([1, 0, 0, 1]);
});

test('accounts are counted by each instance, and the database is not asked', async () => {
  const [one, other] = [instance({ user: 2, shared: failing }), instance({ user: 2, shared: failing })];
  expect([await one.spend('user', 'u', 2), await one.spend('user', 'u'), await other.spend('user', 'u')]).toEqual([
    'let in',
    'RATE_LIMITED',
    'let in',
  ]);
});

test('a limit of 0 is none', async () => {
  const { spend, told } = instance();
  for (const policy of ['address', 'user', 'auth'] as const) expect(await spend(policy, 'k', 1_000)).toBe('let in');
  expect(told).toEqual([]);
});

test('the sweep removes counts whose window is over, and no others', async () => {
  await db.sql(
    `insert into rate_limits (key, points, expire) select 'auth:' || n, 1, (extract(epoch from now()) * 1000)::bigint + n * 60000
     from generate_series(-25, 5) n where n <> 0`,
  );
  const step = spentRows(db.database.orm, 10).find(({ name }) => name === 'rate_limits');
  expect(await step?.run(new AbortController().signal)).toEqual({ rate_limits: 25 });
  expect(await db.sql('select count(*)::int as n from rate_limits')).toEqual([{ n: 5 }]);
});
