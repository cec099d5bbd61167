import type { z } from 'zod';
import type { RequestContext } from '../../../platform/http/request-context';
import type { Tokens } from '../application/tokens';
import type { Device } from '../domain/session';
import type { User } from '../domain/user';
import type { tokensBody, userBody } from './fields';

export function toUserBody(user: User): z.infer<typeof userBody> {
  return {
    id: user.id,
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    role: user.role,
    created_at: user.createdAt.toISOString(),
  };
}

export function toTokensBody(tokens: Tokens): z.infer<typeof tokensBody> {
  return {
    access_token: tokens.accessToken,
    refresh_token: tokens.refreshToken,
    token_type: 'bearer',
    expires_in: tokens.expiresIn,
    user: toUserBody(tokens.user),
  };
}

export function deviceOf({ ip, userAgent }: RequestContext): Device {
  return { ip, userAgent };
}
