import { expect, test } from 'bun:test';
import { generateOpenApiDocument } from 'trpc-to-openapi';
import { router } from '../../../platform/http/procedures';
import { authRouter } from './auth-router';
import { usersRouter } from './users-router';

const never = () => Promise.reject(new Error('not called'));
const appRouter = router({
  auth: authRouter({ register: never, logIn: never, refresh: never, logOut: never }),
  users: usersRouter({ me: never, changePassword: never, listSessions: never, revokeSession: never }),
});

test('every route of the contract is documented, and those without a token say so', () => {
  const document = generateOpenApiDocument(appRouter, { title: 't', version: '1', baseUrl: 'http://test.invalid' });
  const routes = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => `${method} ${path}${security ? ' with a token' : ''}`),
  );
  expect(routes.toSorted()).toEqual([
    'delete /api/users/me/sessions/{id} with a token',
    'get /api/users/me with a token',
    'get /api/users/me/sessions with a token',
    'post /api/auth/login',
    'post /api/auth/logout',
    'post /api/auth/refresh',
    'post /api/auth/register',
    'post /api/users/me/password with a token',
  ]);
  const schemas = Object.keys(document.components?.schemas ?? {});
  expect(schemas).toEqual(expect.arrayContaining(['Session', 'Tokens', 'User']));
});
