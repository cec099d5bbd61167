import { newId } from '../../src/kernel/ids';
import type { Principal } from '../../src/kernel/principal';
import type { RequestContext } from '../../src/platform/http/request-context';
import { silentLog } from './log';

/** What a door would hand to a procedure, for callers that go through none. */
export function requestContext(principal: Principal | null): RequestContext {
  return {
    requestId: newId(),
    principal,
    ip: null,
    userAgent: null,
    headers: new Headers(),
    signal: new AbortController().signal,
    responseHeaders: new Headers(),
    admitCall: () => Promise.resolve(),
    log: silentLog,
  };
}
