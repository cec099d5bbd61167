import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { sha256OfBytes } from '../../src/kernel/sha256';
import { exchange, type RawExchange } from '../support/raw-exchange';
import { type Forgery, putForgeries, unsignedHeaders, urlForgeries } from './forgeries';
import { freshPrefix, keyUnder, listAll } from './object-samples';
import type { ContractContext } from './object-store';
import { inSeconds } from './proves-signed-gets';
import { isTheSame, onTheWire, type SignedRequest, saysTheSame, takenApart } from './signed-request';

/** FORGERY_RUNS: more of them, for a longer search. */
const RUNS = Number(process.env.FORGERY_RUNS ?? 150);
/** What was accepted all the same after that is found with the next request. */
const SILENCE_MS = 150;
const WITHIN_MS = 60_000;

/**
 * What was signed is what is given, whatever is changed about it: one to three changes of any kind at a time. S3 servers decode a
 * target before they verify it: a request that says the same in other words (another percent-encoding of the same key) may be answered
 * there, with the same object. The disk store refuses it.
 */
export function provesNoForgery(context: () => ContractContext): void {
  const times = () => ({ issuedAt: inSeconds(-5), expiresAt: inSeconds(120) });

  /**
   * Runs the forgeries; those that are what was signed, or on S3 say it, are not among them. A failure shows the request that was accepted.
   */
  async function noneOf(
    kinds: fc.Arbitrary<Forgery>,
    signed: SignedRequest,
    isAccepted: (forged: RawExchange) => Promise<boolean>,
  ) {
    const forgeries = fc.array(kinds, { minLength: 1, maxLength: 3 });
    const property = fc.asyncProperty(forgeries, async (changes) => {
      const forged = changes.reduce((request, change) => change(request), signed);
      fc.pre(!(context().store.kind === 'disk' ? isTheSame : saysTheSame)(signed, forged));
      const request = onTheWire(forged);
      if (await isAccepted(request))
        throw new Error(`accepted: ${JSON.stringify({ ...request, body: `${request.body}` })}`);
    });
    await fc.assert(property, { numRuns: RUNS });
  }

  describe('a forged', () => {
    test(
      'GET opens nothing',
      async () => {
        const { store, samples } = context();
        const prefix = freshPrefix();
        const [mine, other] = [keyUnder(prefix, 'a b/mine+é.jpg'), keyUnder(prefix, 'a b/other.jpg')];
        await store.put(mine, await samples.of('secret of mine'), 'image/jpeg');
        await store.put(other, await samples.of('secret of another'), 'image/jpeg');
        const response = { contentType: 'image/jpeg', contentDisposition: 'inline; filename="a b.jpg"' };
        const url = store.signGet({ key: mine, ...times(), response });
        const signed = takenApart(url, { method: 'GET', headers: {} });
        const { origin } = new URL(url);
        expect(await exchange(origin, onTheWire(signed))).toEqual({ status: 200, body: 'secret of mine' });
        await noneOf(urlForgeries, signed, async (request) => {
          const { status, body } = await exchange(origin, request, SILENCE_MS);
          return isSuccess(status) || body.includes('secret');
        });
        expect((await listAll(store, prefix)).length).toBe(2);
      },
      WITHIN_MS,
    );

    test(
      'PUT stores nothing',
      async () => {
        const { store } = context();
        const prefix = freshPrefix();
        const body = Buffer.from('the bytes that were declared');
        const declared = { contentType: 'image/jpeg', sizeBytes: body.length, sha256: sha256OfBytes(body) };
        const { url, headers } = store.signPut({ key: keyUnder(prefix, 'a b/é.jpg'), ...times(), ...declared });
        const signed = takenApart(url, {
          method: 'PUT',
          headers: { ...headers, 'content-length': `${body.length}` },
          body,
        });
        const { origin } = new URL(url);
        await noneOf(putForgeries, signed, async (request) => {
          const { status } = await exchange(origin, request, SILENCE_MS);
          const stored = (await listAll(store, prefix)).map(({ key }) => key);
          await store.deleteMany(stored);
          return isSuccess(status) || stored.length > 0;
        });
        expect((await exchange(origin, onTheWire(signed))).status).toBe(200);
      },
      WITHIN_MS,
    );

    test(
      'PUT with more than was signed stores what was declared, or nothing, and touches nothing else',
      async () => {
        const { store, samples } = context();
        const [victim, prefix] = [keyUnder(freshPrefix(), 'victim.jpg'), freshPrefix()];
        await store.put(victim, await samples.of('secret of another'), 'image/jpeg');
        const body = Buffer.from('the bytes that were declared');
        const declared = { contentType: 'image/jpeg', sizeBytes: body.length, sha256: sha256OfBytes(body) };
        const [key, copy] = [keyUnder(prefix, 'a.jpg'), keyUnder(prefix, 'b.jpg')];
        const { url, headers } = store.signPut({ key, ...times(), ...declared });
        const { origin } = new URL(url);
        const property = fc.asyncProperty(
          unsignedHeaders(`${store.bucket}/${victim}`),
          fc.boolean(),
          async (more, twice) => {
            const send = (added: Readonly<Record<string, string>>) => {
              const sent = { ...added, ...headers, 'content-length': `${body.length}` };
              return exchange(origin, onTheWire(takenApart(url, { method: 'PUT', headers: sent, body })), SILENCE_MS);
            };
            if (twice) await send({});
            const { status } = await send(more);
            if (twice) expect(status).not.toBe(200);
            const head = await store.head(key);
            if (head) {
              expect(head).toMatchObject({ key, ...declared });
              expect(await new Response(await store.get(key)).text()).toBe(`${body}`);
              await store.copy(key, copy, declared);
              const answer = await fetch(store.signGet({ key: copy, ...times() }));
              expect(await saidOf(answer)).toEqual({ status: 200, contentType: 'image/jpeg', body: `${body}` });
            }
            expect(await listAll(store, prefix)).toHaveLength(head ? 2 : 0);
            expect((await store.head(victim))?.sha256).toBe(sha256OfBytes('secret of another'));
            await store.deleteMany([key, copy]);
          },
        );
        await fc.assert(property, { numRuns: RUNS });
      },
      WITHIN_MS,
    );
  });
}

/** What is delivered, and the headers that say how to read it, where there are any. */
async function saidOf(answer: Response) {
  const { status, headers } = answer;
  const ours = [
    'content-encoding',
    'content-language',
    'expires',
    'x-amz-website-redirect-location',
    'x-amz-tagging-count',
  ];
  const more = ours.flatMap((name) => (headers.has(name) ? [[name, headers.get(name)]] : []));
  return { status, contentType: headers.get('content-type'), body: await answer.text(), ...Object.fromEntries(more) };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 400;
}
