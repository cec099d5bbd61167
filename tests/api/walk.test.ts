import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ERROR_CODES } from '../../src/kernel/error-codes';
import { newId } from '../../src/kernel/ids';
import type { Role, Seller } from '../../src/kernel/principal';
import { proceduresOf, restRoutesOf } from '../../src/platform/http/procedure-routes';
import { photo } from '../support/photos';
import { aUser } from '../support/products-fixture';
import { seen } from '../support/seller-client';
import { ACCESS, type Access, type Ids, OTHER_ROUTES } from '../support/walk/access-table';
import { type Answer, byRest, byTrpc, statusOf } from '../support/walk/call';
import { type Account, badTokens, tokenOf, WALK_SECRET } from '../support/walk/tokens';
import { announced, type WorkKit, workKit } from '../support/work-kit';

/** A wrong password is compared with it some fifty times. */
const CHEAP_HASH = Bun.password.hash('the password of everybody', {
  algorithm: 'argon2id',
  memoryCost: 8,
  timeCost: 1,
});

let kit: WorkKit;
let ids: Ids;
let callers: Record<string, { readonly token: string | null; readonly role: Role | null }>;

beforeAll(async () => {
  kit = await workKit({ JWT_SECRET: WALK_SECRET, METRICS_TOKEN: 'the-token-of-the-metrics' });
  const owner = await account('seller');
  ids = await ownedBy(owner);
  const bad = Object.entries(await badTokens(owner)).map(
    ([what, token]) => [`a token ${what}`, { token, role: null }] as const,
  );
  const [stranger, worker, admin] = [await account('seller'), await account('worker'), await account('admin')];
  callers = {
    'no token': { token: null, role: null },
    ...Object.fromEntries(bad),
    'another seller': { token: await tokenOf(stranger), role: 'seller' },
    'a worker without the lease': { token: await tokenOf(worker), role: 'worker' },
    'an admin': { token: await tokenOf(admin), role: 'admin' },
  };
}, 90_000);
afterAll(() => kit.stop());

async function account(role: Role): Promise<Account> {
  const { userId } = await aUser(kit.db, role);
  const sessionId = newId();
  await kit.rows('update users set password_hash = $2 where id = $1', userId, await CHEAP_HASH);
  await kit.rows('insert into sessions (id, user_id) values ($1, $2)', sessionId, userId);
  return { userId, sessionId, role };
}

/** A product whose work has a lease, and a direct upload. */
async function ownedBy(owner: Account): Promise<Ids> {
  const seller = { userId: owner.userId, role: 'seller' } as Seller;
  const product = await kit.aProduct(seller);
  const { lease_id } = await kit.claimOne(await kit.aWorker(), product, { lease_seconds: 3600 });
  const headers = { authorization: `Bearer ${await tokenOf(owner)}`, 'content-type': 'application/json' };
  const { image_id: _, ...image } = announced('', Buffer.alloc(5000), 'image/jpeg');
  const body = JSON.stringify({ prompt_text: 'a lamp in good order', images: [image] });
  const started = await fetch(`${kit.server.url}/api/uploads`, { method: 'POST', headers, body });
  const { product_id } = (await started.json()) as { product_id: string };
  const [row] = await kit.rows<{ email: string }>('select email from users where id = $1', owner.userId);
  return {
    product: product.id,
    image: product.images[0] ?? '',
    upload: product_id,
    lease: lease_id,
    session: owner.sessionId,
    email: row?.email ?? '',
    photo: await photo(),
  };
}

/** Everything that the walk could have changed of what is the owner's. */
async function owned(): Promise<unknown> {
  const of = (table: string, column: string, id: string) =>
    kit.rows(`select * from ${table} where ${column} = $1 order by 1, 2`, id);
  return Promise.all([
    ...['product_images', 'product_events', 'product_status_history', 'work_items', 'work_leases', 'intents'].map(
      (table) => of(table, 'product_id', ids.product),
    ),
    ...['products', 'direct_uploads', 'direct_upload_images'].flatMap((table) =>
      [ids.product, ids.upload].map((id) => of(table, table === 'products' ? 'id' : 'product_id', id)),
    ),
    of('sessions', 'id', ids.session),
    kit.rows('select id, email, password_hash, role from users where email = $1', ids.email),
    kit.rows('select count(*)::int from users'),
    kit.rows('select count(*)::int from products'),
  ]);
}

/** What the table says. */
function expected(access: Access, role: Role | null, success: number): Answer {
  const refused = (code: keyof typeof ERROR_CODES): Answer => [ERROR_CODES[code].http, code];
  if (access.for !== 'everybody' && role === null) return refused('UNAUTHENTICATED');
  const ofRole = access.for === 'everybody' || access.for === 'every account' || access.for === role;
  if (!ofRole) return refused('FORBIDDEN');
  return access.others === 'done' ? [success, 'done'] : refused(access.others);
}

/** Where nobody's token is looked at, one of each kind is enough. */
const callersOf = (access: Access) =>
  Object.entries(callers).filter(
    ([name]) => access.for !== 'everybody' || ['no token', 'a token expired', 'another seller'].includes(name),
  );

const accessOf = (name: string): Access => {
  const access = ACCESS[name];
  if (!access) throw new Error(`no line for ${name}`);
  return access;
};

test('every procedure has its line in the table, and every route of the document is walked', async () => {
  const names = Object.keys(proceduresOf(kit.server.container.router));
  expect(Object.keys(ACCESS).sort()).toEqual(names.sort());
  const routes = restRoutesOf(kit.server.container.router).map(({ method, path }) => `${method} ${path}`);
  const { paths } = (await (await fetch(`${kit.server.url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(documented.sort()).toEqual(routes.sort());
});

describe('what each caller hears, who owns nothing of what is named', () => {
  test.each(Object.keys(ACCESS))('%s', async (name) => {
    const { router } = kit.server.container;
    const [access, { url }] = [accessOf(name), kit.server];
    const procedure = proceduresOf(router)[name];
    const route = restRoutesOf(router).find((one) => one.name === name);
    const before = await owned();
    for (const [caller, { token, role }] of callersOf(access)) {
      if (route) {
        const found = await byRest(url, route, access, ids, token);
        expect([caller, 'REST', ...found]).toEqual([caller, 'REST', ...expected(access, role, route.status)]);
      }
      const found = await byTrpc(url, name, procedure?._def.type ?? '', access, ids, token);
      const [status, code] = expected(access, role, 200);
      expect([caller, 'tRPC', ...found]).toEqual([caller, 'tRPC', access.stream ? 200 : status, code]);
    }
    expect(await owned()).toEqual(before);
  });

  test.each(OTHER_ROUTES)('$path', async ({ path, nobody, accounts, sellers = accounts, upgrade }) => {
    for (const [caller, { token, role }] of Object.entries(callers)) {
      const status = await statusOf(kit.server.url + path.replace('{product}', ids.product), token, upgrade);
      const wanted = role === null ? nobody : role === 'seller' ? sellers : accounts;
      expect([caller, status]).toEqual([caller, wanted]);
    }
  });
});

test('the owner is let through, so that what the others hear is not said to everybody', async () => {
  const session = { userId: '', sessionId: ids.session, role: 'seller' as const };
  const [row] = await kit.rows<{ user_id: string }>('select user_id from sessions where id = $1', ids.session);
  const token = await tokenOf({ ...session, userId: row?.user_id ?? '' });
  const routes = restRoutesOf(kit.server.container.router);
  for (const name of [
    'products.get',
    'products.history',
    'products.imageUrls',
    'products.imageUrlsBatch',
    'uploads.urls',
    'users.me',
  ]) {
    const route = routes.find((one) => one.name === name)!;
    expect([name, ...(await byRest(kit.server.url, route, accessOf(name), ids, token))]).toEqual([
      name,
      route.status,
      'done',
    ]);
  }
  const metrics = await fetch(`${kit.server.url}/metrics`, {
    headers: { authorization: 'Bearer the-token-of-the-metrics' },
  });
  expect(metrics.status).toBe(200);
  expect(await seen(await fetch(`${kit.server.url}/metrics`))).toEqual([401, 'UNAUTHENTICATED']);
});
