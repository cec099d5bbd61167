import { createHmac } from 'node:crypto';
import type { UserId } from '../../../src/kernel/ids';
import type { Role } from '../../../src/kernel/principal';
import type { SessionId } from '../../../src/modules/identity/domain/session';
import { createAccessTokens } from '../../../src/modules/identity/infrastructure/jwt-access-tokens';

export const WALK_SECRET = 'the secret of the walk, 0123456789 abcdef';

export interface Account {
  readonly userId: string;
  readonly sessionId: string;
  readonly role: Role;
}

const OURS = { secret: WALK_SECRET, issuer: 'intellipost', audience: 'intellipost-product-store', ttlSeconds: 3600 };

export function tokenOf(
  { userId, sessionId, role }: Account,
  change: Partial<Parameters<typeof createAccessTokens>[0]> = {},
): Promise<string> {
  const claims = { userId: userId as UserId, sessionId: sessionId as SessionId, role };
  return createAccessTokens({ ...OURS, ...change }).sign(claims);
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const partsOf = (token: string) => token.split('.') as [header: string, payload: string, signature: string];
const read = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
const signed = (header: object, payload: object, hash = 'sha256', secret = WALK_SECRET) => {
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
};

/** Tokens of the account that owns everything, each with one thing about it that is not as it should be. */
export async function badTokens(owner: Account): Promise<Readonly<Record<string, string>>> {
  const good = await tokenOf(owner);
  const [header, payload, signature] = partsOf(good);
  const [head, claims] = [read(header), read(payload)];
  const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  return {
    expired: await tokenOf(owner, { clock: () => new Date(Date.now() - 2 * 3600_000) }),
    'without an expiry': signed(head, { ...claims, exp: undefined }),
    'not yet valid': signed(head, { ...claims, nbf: Math.floor(Date.now() / 1000) + 3600 }),
    'signed by another secret': await tokenOf(owner, { secret: 'another secret, 0123456789 abcdefghij' }),
    'signed by another secret under our key’s name': signed(
      head,
      claims,
      'sha256',
      'another secret, 0123456789 abcdefghij',
    ),
    'with a signature of which one letter differs': `${header}.${payload}.${flipped}`,
    'with no signature': `${header}.${payload}.`,
    'with the algorithm none': `${part({ ...head, alg: 'none' })}.${payload}.`,
    'with the algorithm none and the signature': `${part({ ...head, alg: 'none' })}.${payload}.${signature}`,
    'with another algorithm': signed({ ...head, alg: 'HS512' }, claims, 'sha512'),
    'with another key’s name': signed({ ...head, kid: '0123456789abcdef' }, claims),
    'with a key’s name that is a path': signed({ ...head, kid: '../../../dev/null' }, claims, 'sha256', ''),
    'without a key’s name': signed({ ...head, kid: undefined }, claims),
    'of another issuer': await tokenOf(owner, { issuer: 'somebody' }),
    'for another audience': await tokenOf(owner, { audience: 'somewhere' }),
    'of another type': signed({ ...head, typ: 'JWT' }, claims),
    'whose role was changed': `${header}.${part({ ...claims, role: 'admin' })}.${signature}`,
    'of a role that there is not': signed(head, { ...claims, role: 'root' }),
    'of nobody': signed(head, { ...claims, sub: undefined }),
    'of a subject that is no id': signed(head, { ...claims, sub: "' or true --" }),
    'that is no token': 'nonsense',
    'that is only a header': header,
  };
}
