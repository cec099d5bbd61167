import { type AttemptId, type ImageId, newId, type ProductId } from '../../../../kernel/ids';
import { attemptPrefix, imageKey } from '../../../../kernel/object-key';
import type { ObjectStore } from '../../domain/object-store';
import { type AskStore, finding, type StoreFinding } from './finding';
import { type ProbeTimes, signedProbe } from './signed-probe';

export interface ProbeOriginDeps {
  readonly store: Pick<ObjectStore, 'kind' | 'signGet' | 'signPut'>;
  readonly ask: AskStore;
}

const REMEDY = {
  disk: 'the server that runs must have it in CORS_ORIGINS',
  s3: 'give the bucket the rules of deploy/s3/cors.json; MinIO has none: set MINIO_API_CORS_ALLOW_ORIGIN where it is started',
};

/** What a page sends that has a part of a photo, or an older one. */
const OF_CONDITIONAL_GETS = ['if-none-match', 'if-range', 'range'];

/** Asks what a browser asks before a page's request to another origin. @see Fetch Standard, CORS-preflight request */
export async function probeOrigin(deps: ProbeOriginDeps, origin: string, times: ProbeTimes): Promise<StoreFinding[]> {
  const { store, ask } = deps;
  const key = imageKey(attemptPrefix(newId<ProductId>(), newId<AttemptId>()), newId<ImageId>(), 'original', 'jpg');
  const put = signedProbe(store, key, '', times);
  const preflight = async (url: string, method: string, headers: readonly string[]) => {
    const asked = { origin, 'access-control-request-method': method };
    const names = headers.length > 0 ? { 'access-control-request-headers': headers.join(',') } : {};
    const answer = await ask(url, { method: 'OPTIONS', headers: { ...asked, ...names } });
    await answer.arrayBuffer();
    const problem = problemOf(answer, origin, method, headers);
    return problem === null ? null : `${problem}; ${REMEDY[store.kind]}`;
  };
  return [
    await finding(`lets pages of ${origin} send photos`, () =>
      preflight(put.url, 'PUT', Object.keys(put.headers).sort()),
    ),
    await finding(`lets pages of ${origin} read photos`, () =>
      preflight(store.signGet({ key, ...times }), 'GET', OF_CONDITIONAL_GETS),
    ),
  ];
}

function problemOf(answer: Response, origin: string, method: string, headers: readonly string[]): string | null {
  const allowed = (name: string) => (answer.headers.get(`access-control-allow-${name}`) ?? '').toLowerCase();
  const list = (name: string) =>
    allowed(name)
      .split(',')
      .map((item) => item.trim());
  const permits = (name: string, wanted: string) => list(name).some((item) => item === '*' || item === wanted);
  if (!answer.ok || !permits('origin', origin.toLowerCase()))
    return `the origin is not allowed (status ${answer.status})`;
  // GET needs no permission of its own
  if (method !== 'GET' && !permits('methods', method.toLowerCase())) return `the method ${method} is not allowed`;
  const missing = headers.filter((header) => !permits('headers', header));
  return missing.length > 0 ? `headers are not allowed: ${missing.join(', ')}` : null;
}
