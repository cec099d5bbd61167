import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { createClient } from '../../src/client';
import { newId, type UserId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import { createAccessTokens } from '../../src/modules/identity/infrastructure/jwt-access-tokens';
import { aProduct } from '../support/products-fixture';
import { aSeller, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer, until } from '../support/server';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';

const JWT_SECRET = 'the secret of this test, 0123456789 abcdef';
let server: TestServer;
let proxy: TcpProxy;
let seller: SellerClient;
let product: string;

beforeAll(async () => {
  server = await startTestServer({ JWT_SECRET, UPLOAD_FOLLOW_SECONDS: '1' });
  proxy = await startTcpProxy({ host: '127.0.0.1', port: server.port });
  seller = await aSeller(server);
  product = (await aProduct(server.db, { userId: seller.userId } as Seller, { images: 1 })).id;
}, 60_000);
afterAll(async () => {
  await proxy.stop();
  await server.stop();
});

const progress = (percent: number) => server.db.sql('select record_progress($1, $2, null)', [product, percent]);
const lastEvent = async () =>
  Number(
    (
      await server.db.sql<{ n: string }>('select last_event as n from seller_ledger where user_id = $1', [
        seller.userId,
      ])
    )[0]?.n,
  );

/** What an EventSource would read, as text, until `isEnough` of it has come. */
async function streamed(
  input: object,
  headers: Record<string, string>,
  isEnough: (text: string) => boolean,
): Promise<string> {
  const path = `/trpc/products.events?input=${encodeURIComponent(JSON.stringify(input))}`;
  const response = await fetch(server.url + path, { headers: { accept: 'text/event-stream', ...headers } });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!isEnough(text)) {
    const next = await reader.read();
    if (next.done) break;
    text += next.value;
  }
  await reader.cancel();
  return text;
}

const idsOf = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

describe('an event stream', () => {
  test('resumes behind its last event, by input or by the header that browsers send', async () => {
    await progress(1);
    await progress(2);
    const last = await lastEvent();
    const isEnough = (text: string) => idsOf(text).at(-1) === last;
    const byInput = await streamed({ last_event_id: last - 2 }, seller.headers, isEnough);
    const byHeader = await streamed({}, { ...seller.headers, 'last-event-id': String(last - 2) }, isEnough);
    expect(idsOf(byInput)).toEqual([last - 1, last]);
    expect(idsOf(byHeader)).toEqual([last - 1, last]);
    expect(byInput).toContain(`data: {"id":${last},"type":"status_change","data":{`);
  });

  test('is opened by a ticket, once, and not without a token', async () => {
    const ended = (text: string) => text.includes('serialized-error') || idsOf(text).length > 0;
    const { ticket } = (await (await seller.call('POST', '/api/realtime/ticket')).json()) as { ticket: string };
    expect(idsOf(await streamed({ ticket, last_event_id: 0 }, {}, ended))).not.toEqual([]);
    for (const input of [{ ticket, last_event_id: 0 }, { last_event_id: 0 }]) {
      const text = await streamed(input, {}, ended);
      expect(text).toContain('"code":"UNAUTHENTICATED"');
      // by this number a client knows that it need not come again with the same token
      expect(text).toContain(`"code":${TRPC_ERROR_CODES_BY_KEY.UNAUTHORIZED}`);
    }
    expect(await streamed({ since: 3 }, seller.headers, ended)).toContain('"code":"VALIDATION_FAILED"');
  });

  test('of a browser takes the token from its connection parameters', async () => {
    const params = encodeURIComponent(JSON.stringify({ token: seller.accessToken }));
    const input = encodeURIComponent('{"last_event_id":0}');
    const response = await fetch(`${server.url}/trpc/products.events?connectionParams=${params}&input=${input}`);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('id: 1\n')) text += (await reader.read()).value;
    expect(text).toContain('"status":"uploading"');
    await reader.cancel();
  });

  test('of another’s product or an unknown one ends alike, and lives through silence by pings', async () => {
    const stranger = await aSeller(server);
    const done = (text: string) => text.includes('serialized-error');
    const answers = await Promise.all(
      [product, newId()].map((product_id) => streamed({ product_id, last_event_id: 0 }, stranger.headers, done)),
    );
    const seen = answers.map((text) => text.replaceAll(/"request_id":"[^"]+"/g, ''));
    expect(seen[0]).toContain('"code":"PRODUCT_NOT_FOUND"');
    expect(seen[0]).toBe(seen[1]!);
    expect(await streamed({}, seller.headers, (text) => text.includes('event: ping'))).toContain('event: ping');
  }, 20_000);
});

test('the client is told that its token is no good, and does not ask again and again', async () => {
  const { api } = createClient({ url: server.url, token: 'no token of ours' });
  const told = Promise.withResolvers<{ data?: unknown }>();
  const following = api.products.events.subscribe({}, { onError: told.resolve });
  expect((await told.promise).data).toMatchObject({ code: 'UNAUTHENTICATED', httpStatus: 401 });
  following.unsubscribe();
});

test('a token that ran out before the stream began is asked for once more, and the second refusal is told', async () => {
  const options = { secret: JWT_SECRET, issuer: 'intellipost', audience: 'intellipost-product-store', ttlSeconds: 60 };
  const good = await createAccessTokens(options).sign({ userId: seller.userId as UserId, role: 'seller' });
  const given = async (tokens: string[]) => {
    let asked = 0;
    const getToken = () => tokens[Math.min(asked++, tokens.length - 1)] ?? '';
    const { api } = createClient({ url: server.url, getToken });
    const ended = Promise.withResolvers<string>();
    const following = api.products.events.subscribe(
      { last_event_id: 0 },
      {
        onData: () => ended.resolve('follows'),
        onError: ({ data }) => ended.resolve((data as { code?: string } | undefined)?.code ?? 'no code'),
      },
    );
    await progress(5);
    const end = await ended.promise;
    following.unsubscribe();
    return [end, asked];
  };
  expect(await given(['stale', good])).toEqual(['follows', 2]);
  expect(await given(['stale', 'stale too', good])).toEqual(['UNAUTHENTICATED', 2]);
}, 20_000);

test('the client follows through lost connections and expired tokens, each event once and in order', async () => {
  const options = { secret: JWT_SECRET, issuer: 'intellipost', audience: 'intellipost-product-store', ttlSeconds: 2 };
  const tokens = createAccessTokens(options);
  let asked = 0;
  const getToken = () => {
    asked += 1;
    return tokens.sign({ userId: seller.userId as UserId, role: 'seller' });
  };
  const { api } = createClient({ url: proxy.url, getToken });
  const from = await lastEvent();
  const ids: number[] = [];
  const failures: unknown[] = [];
  const following = api.products.events.subscribe(
    { last_event_id: from },
    {
      onData: ({ data }) => void (data.id !== undefined && ids.push(data.id)),
      onError: (error) => failures.push(error),
    },
  );
  await progress(1);
  await until(() => ids.length === 1, 'the first event');
  for (let round = 0; round < 3; round += 1) {
    await proxy.set({ kind: 'reset' });
    await progress(2);
    await proxy.set({ kind: 'pass' });
    await progress(3);
    const last = await lastEvent();
    await until(() => ids.at(-1) === last, `event ${last}`);
  }
  const askedBefore = asked;
  await until(() => asked > askedBefore + 1, 'tokens to expire');
  await progress(4);
  const last = await lastEvent();
  await until(() => ids.at(-1) === last, `event ${last}`);
  following.unsubscribe();
  expect(ids).toEqual(Array.from({ length: last - from }, (_, index) => from + 1 + index));
  expect(failures).toEqual([]);
}, 60_000);
