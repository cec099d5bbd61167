import { afterAll, describe, expect, spyOn, test } from 'bun:test';
import { createApi } from '../api';
import { ask, isApiError } from './ask';
import { DEFAULT_RETRY } from './retry';

/** Answers in turn; the last one for ever. */
let answers: (() => Response | Promise<Response>)[] = [];
let calls = 0;
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  fetch() {
    const answer = answers[Math.min(calls, answers.length - 1)];
    calls += 1;
    return answer?.() ?? new Response(null, { status: 500 });
  },
});
afterAll(() => server.stop(true));

const api = createApi({ url: `http://127.0.0.1:${server.port}` });
const retry = { ...DEFAULT_RETRY, attempts: 4, firstMs: 5, maxMs: 20 };
const patience = { retry, renewsToken: false };
const asking = { ...patience, signal: new AbortController().signal };
const me = () => ask(asking, (options) => api.users.me.query(undefined, options));
const given = (...turns: typeof answers) => {
  answers = turns;
  calls = 0;
};
const done = () => Response.json({ result: { data: { email: 'me@example.com' } } });
const refused =
  (httpStatus: number, code: string, headers = {}) =>
  () =>
    Response.json(
      { error: { message: code, code: -32603, data: { code, httpStatus } } },
      { status: httpStatus, headers },
    );
const silence = () => new Promise<Response>(() => undefined);

describe('a call that may be repeated is repeated', () => {
  const html = (status: number) => () => new Response('<html>Bad Gateway</html>', { status });
  const cut = () => new Response('{"result":', { status: 200 });

  test.each([
    ['an answer of a proxy', html(502)],
    ['the login page of a network', html(200)],
    ['an answer that was cut off', cut],
    ['an error of the server', refused(500, 'INTERNAL')],
    ['a store that is away', refused(503, 'STORAGE_UNAVAILABLE')],
    ['too many requests', refused(429, 'RATE_LIMITED')],
    ['the same upload being announced by another', refused(409, 'IDEMPOTENCY_IN_PROGRESS')],
  ])('after %s', async (_words, failure) => {
    given(failure, failure, done);
    expect(await me()).toMatchObject({ email: 'me@example.com' });
    expect(calls).toBe(3);
  });

  test('no sooner than the server asks for', async () => {
    given(refused(429, 'RATE_LIMITED', { 'retry-after': '1' }), done);
    const start = performance.now();
    await me();
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  });

  test('no more often than it was told', async () => {
    given(refused(503, 'DATABASE_UNAVAILABLE'));
    await expect(me()).rejects.toMatchObject({ data: { code: 'DATABASE_UNAVAILABLE' } });
    expect(calls).toBe(4);
  });
});

describe('a call is not repeated', () => {
  test.each([
    ['what the server refuses', refused(422, 'INVALID_PROMPT')],
    ['what is not there', refused(404, 'PRODUCT_NOT_FOUND')],
    ['an address that is no API', () => new Response('<html>Not Found</html>', { status: 404 })],
  ])('for %s', async (_words, failure) => {
    given(failure);
    const error = await me().catch((caught) => caught);
    expect(isApiError(error)).toBe(true);
    expect(calls).toBe(1);
  });

  test('for what is no answer of the API at all', async () => {
    const mistake = ask(asking, () => Promise.reject(new TypeError('a mistake of ours')));
    await expect(mistake).rejects.toThrow('a mistake of ours');
  });

  test('when the caller has ended it, and they hear their own reason', async () => {
    given(refused(503, 'OVERLOADED'));
    const caller = new AbortController();
    const endless = { ...patience, retry: { ...retry, attempts: 1000 }, signal: caller.signal };
    const call = ask(endless, (options) => api.users.me.query(undefined, options));
    setTimeout(() => caller.abort(new Error('enough')), 50);
    await expect(call).rejects.toThrow('enough');
  });
});

describe('a call whose token was refused', () => {
  const expired = refused(401, 'UNAUTHENTICATED');
  const renewing = () => ask({ ...asking, renewsToken: true }, (options) => api.users.me.query(undefined, options));

  test('is repeated once where the token is asked for anew, however often it fails otherwise', async () => {
    given(expired, done);
    expect(await renewing()).toMatchObject({ email: 'me@example.com' });
    given(refused(503, 'OVERLOADED'), expired, refused(503, 'OVERLOADED'), expired);
    await expect(renewing()).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
    expect(calls).toBe(4);
    given(expired);
    await expect(renewing()).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
    expect(calls).toBe(2);
  });

  test('is not where the token stays the same', async () => {
    given(expired);
    await expect(me()).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
    expect(calls).toBe(1);
  });
});

describe('a call without an answer', () => {
  /** What it fails with. Bun's `rejects` would wait for ever, beyond the time of its test. */
  const failureOf = (call: Promise<unknown>) =>
    Promise.race([call.catch((failure) => failure), Bun.sleep(5_000).then(() => 'it has not ended')]);

  test('ends with its signal, though others were called in the same moment', async () => {
    given(silence);
    const [caller, other] = [new AbortController(), new AbortController()];
    const call = ask({ ...patience, signal: caller.signal }, (options) => api.users.me.query(undefined, options));
    const beside = api.users.me.query(undefined, { signal: other.signal }).catch(() => 'ended');
    setTimeout(() => caller.abort(new Error('enough')), 50);
    expect(await failureOf(call)).toMatchObject({ message: 'enough' });
    other.abort();
    expect(await beside).toBe('ended');
  });

  test('ends with its signal even where what is called does not look at it', async () => {
    const deaf = ask({ ...patience, signal: AbortSignal.timeout(50) }, () => new Promise(() => undefined));
    expect(await failureOf(deaf)).toMatchObject({ name: 'TimeoutError' });
  });

  test('is late after a time, and then repeated like any other that failed', async () => {
    const after = AbortSignal.timeout;
    const timeouts = spyOn(AbortSignal, 'timeout').mockImplementation(() => after(50));
    given(silence, done);
    const answer = await me();
    given(silence);
    const failure = await failureOf(me());
    timeouts.mockRestore();
    expect(answer).toMatchObject({ email: 'me@example.com' });
    expect(isApiError(failure)).toBe(true);
    expect(calls).toBe(4);
  });
});
