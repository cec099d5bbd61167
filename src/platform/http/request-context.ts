import type { Log } from '../../kernel/log';
import type { Principal } from '../../kernel/principal';
import type { AdmitCall } from './call-limits';

/** What every procedure knows of the request it answers, whichever door it came through. */
export interface RequestContext {
  readonly requestId: string;
  /** Null without a valid access token. */
  readonly principal: Principal | null;
  /** What the principal was proven by, for what ends with it. Absent where there was none, or it was not good. */
  readonly accessToken?: string | undefined;
  /** The address that we believe: of the connection, or as a trusted proxy reports it. */
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  /** Sent with the answer, by every door. */
  readonly responseHeaders: Headers;
  /** @throws AppError RATE_LIMITED */
  readonly admitCall: AdmitCall;
  readonly log: Log;
}
