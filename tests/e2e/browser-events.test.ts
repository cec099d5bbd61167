import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { BrowserContext, Page } from 'playwright-core';
import { browser } from '../support/browser';
import { type ClientSite, startClientSite } from '../support/client-page';
import { photo } from '../support/photos';
import { aSeller, type SellerClient } from '../support/seller-client';
import { startTestServer, type TestServer, until } from '../support/server';
import type { WireMessage } from '../support/socket';

// Browsers are stricter than our other clients: of subprotocols, of origins, and of what a refused handshake tells.

const chromium = await browser();

/** What the page keeps of its socket. */
interface PageSocket {
  readonly protocol: string;
  readonly messages: WireMessage[];
  readonly closed: [code: number, reason: string] | null;
}

describe('a page in Chromium', () => {
  const promise = chromium ? test : test.skip;
  let site: ClientSite;
  let strange: ClientSite;
  let server: TestServer;
  let seller: SellerClient;
  let context: BrowserContext;
  let picture: Buffer;

  beforeAll(async () => {
    if (!chromium) return;
    picture = await photo();
    [site, strange] = await Promise.all([startClientSite([]), startClientSite([])]);
    server = await startTestServer({ CORS_ORIGINS: site.origin, PREPARE_CONCURRENCY: '0' });
    seller = await aSeller(server);
    context = await chromium.newContext();
  }, 60_000);
  afterAll(async () => {
    await context?.close();
    await Promise.all([site?.stop(), strange?.stop()]);
    await server?.stop();
  });

  const open = async (origin: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(origin);
    return page;
  };
  /** Opens it in the page, and lets it be asked from here. */
  const connect = async (page: Page, path: string, protocols: readonly string[]) => {
    await page.evaluate(
      ({ url, protocols }) => {
        const socket = new WebSocket(url, protocols);
        const messages: unknown[] = [];
        const state = { messages, closed: null as [number, string] | null };
        socket.onmessage = ({ data }) => messages.push(JSON.parse(data));
        socket.onclose = ({ code, reason }) => (state.closed = [code, reason]);
        Object.assign(globalThis, { look: () => ({ ...state, protocol: socket.protocol }) });
      },
      { url: server.url.replace(/^http/, 'ws') + path, protocols: [...protocols] },
    );
    return () => page.evaluate(() => (globalThis as unknown as { look(): PageSocket }).look());
  };
  /** Of the status: what tells of an upload's progress may come before it. */
  const firstChange = async (look: () => Promise<PageSocket>, what: string) => {
    const found = async () => (await look()).messages.find(({ type }) => type === 'status_change');
    await until(async () => (await found()) !== undefined, what);
    return await found();
  };
  const uploaded = async () => ((await (await seller.upload([picture])).json()) as { id: string }).id;

  promise('hears of its products by the token as a subprotocol, and resumes where it was', async () => {
    const page = await open(site.origin);
    const look = await connect(page, '/ws/products', ['bearer', seller.accessToken]);
    await until(async () => (await look()).protocol === 'bearer', 'the socket is open');
    const id = await uploaded();
    const first = await firstChange(look, 'the page hears of the product');
    expect(first?.data).toMatchObject({ product_id: id, status: 'uploading' });

    const again = await open(site.origin);
    const protocols = ['bearer', seller.accessToken];
    const lookAgain = await connect(again, `/ws/products?last_event_id=${first?.id}`, protocols);
    const next = await uploaded();
    const heard = await firstChange(lookAgain, 'the second page hears of the next product');
    expect(heard).toMatchObject({ id: (first?.id ?? 0) + 1, data: { product_id: next } });
    await Promise.all([page.close(), again.close()]);
  });

  promise('hears of one product by a ticket, which opens one socket and no second', async () => {
    const id = await uploaded();
    const page = await open(site.origin);
    const ticket = await page.evaluate(
      async ({ url, token }) => {
        const headers = { authorization: `Bearer ${token}` };
        return (await (await fetch(`${url}/api/realtime/ticket`, { method: 'POST', headers })).json()).ticket as string;
      },
      { url: server.url, token: seller.accessToken },
    );
    const path = `/ws/products/${id}/status?last_event_id=0&ticket=${ticket}`;
    const look = await connect(page, path, []);
    await until(async () => (await look()).messages.length > 0, 'the page hears of the product');
    expect((await look()).messages[0]?.data).toMatchObject({ product_id: id });

    const second = await connect(page, path, []);
    await until(async () => (await second()).closed !== null, 'the second socket is refused');
    expect((await second()).messages).toEqual([]);
    await page.close();
  });

  promise('of an origin that is not in CORS_ORIGINS opens no socket, even with a token', async () => {
    const page = await open(strange.origin);
    const look = await connect(page, '/ws/products', ['bearer', seller.accessToken]);
    await until(async () => (await look()).closed !== null, 'it is refused');
    expect((await look()).messages).toEqual([]);
    await page.close();
  });

  promise('follows its products by the client’s subscription, too', async () => {
    const page = await open(site.origin);
    await page.evaluate(
      async ({ url, token }) => {
        const { createClient } = (await import('/client.js' as string)) as typeof import('../../src/client');
        const heard: unknown[] = [];
        Object.assign(globalThis, { heard });
        const started = Promise.withResolvers<void>();
        createClient({ url, token }).api.products.events.subscribe(
          {},
          { onStarted: () => started.resolve(), onData: (event) => heard.push(event.data), onError: started.reject },
        );
        await started.promise;
      },
      { url: server.url, token: seller.accessToken },
    );
    const id = await uploaded();
    const heard = () => page.evaluate(() => (globalThis as unknown as { heard: WireMessage[] }).heard);
    const isOfIt = ({ data }: WireMessage) => data?.product_id === id;
    await until(async () => (await heard()).some(isOfIt), 'the subscription hears of the product');
    await page.close();
  });
});
