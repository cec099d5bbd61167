import { jwt } from '@elysiajs/jwt';
import { z } from 'zod';
import { type Clock, systemClock } from '../../../kernel/clock';
import type { UserId } from '../../../kernel/ids';
import { sha256OfBytes } from '../../../kernel/sha256';
import type { AccessTokens, Claims } from '../domain/access-tokens';
import { ROLES } from '../domain/role';
import type { SessionId } from '../domain/session';

export interface AccessTokenOptions {
  readonly secret: string;
  /** Its tokens are still accepted, none are made with it. */
  readonly previousSecret?: string | undefined;
  readonly issuer: string;
  readonly audience: string;
  readonly ttlSeconds: number;
  readonly clock?: Clock;
}

/** Keeps other tokens that the same secret may sign from passing as access tokens. @see RFC 9068, 2.1 */
const TYPE = 'at+jwt';

// once: to make a shape takes longer than the signature it is made for
const headerShape = z.object({ kid: z.string() });
const expiryShape = z.object({ exp: z.number() });
const claimsShape = z.object({ sub: z.uuid(), role: z.enum(ROLES), sid: z.uuid().optional() }).transform(
  ({ sub, role, sid }): Claims => ({
    userId: sub as UserId,
    role,
    ...(sid === undefined ? {} : { sessionId: sid as SessionId }),
  }),
);

/** JWTs by the Elysia plugin's signer, without its app: the command line makes tokens too. */
export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { secret, previousSecret, issuer, audience, ttlSeconds, clock = systemClock } = options;
  const current = keyOf(secret, options);
  const keys = new Map([previousSecret === undefined ? current : keyOf(previousSecret, options), current]);
  return {
    ttlSeconds,
    sign: ({ userId, role, sessionId }) =>
      current[1].sign({
        sub: userId,
        role,
        ...(sessionId === undefined ? {} : { sid: sessionId }),
        exp: Math.floor(clock().getTime() / 1000) + ttlSeconds,
      }),
    verify: async (token) => {
      const key = keys.get(keyIdOf(token) ?? '');
      // The plugin by itself checks no more than signature and times, and lets a token without `exp` live for ever.
      const payload = await key?.verify(token, {
        issuer,
        audience,
        typ: TYPE,
        algorithms: ['HS256'],
        requiredClaims: ['exp', 'sub'],
        currentDate: clock(),
      });
      const claims = claimsShape.safeParse(payload);
      return claims.success ? claims.data : null;
    },
    expiryOf: (token) => {
      const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
      return new Date(expiryShape.parse(payload).exp * 1000);
    },
  };
}

function keyOf(secret: string, { issuer, audience }: AccessTokenOptions) {
  // A part of a hash says which secret it was, and nothing of what it is.
  const kid = sha256OfBytes(`kid:${secret}`).slice(0, 16);
  const plugin = jwt({ name: 'jwt', secret, alg: 'HS256', typ: TYPE, kid, iss: issuer, aud: audience });
  return [kid, plugin.decorator.jwt] as const;
}

/** Not verified yet: it only chooses the key that must verify it. */
function keyIdOf(token: string): string | null {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
    return headerShape.parse(header).kid;
  } catch {
    return null;
  }
}
