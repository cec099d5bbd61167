import { z } from 'zod';
import { publicProcedure } from '../../../../platform/http/procedures';
import type { LogIn } from '../../application/log-in';
import { deviceOf, toTokensBody } from '../bodies';
import { EXAMPLE_PASSWORD, exampleTokens, exampleUser } from '../examples';
import { emailField, passwordField, tokensBody } from '../fields';

export const loginProcedure = (logIn: LogIn) =>
  publicProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/auth/login',
        tags: ['Auth'],
        summary: 'Log in',
        description:
          'Begins a session. An unknown email and a wrong password answer alike, in words and in time; after some of them RATE_LIMITED says how long to wait.',
        protect: false,
      },
      examples: { request: { email: exampleUser.email, password: EXAMPLE_PASSWORD }, response: exampleTokens },
      errors: ['UNAUTHENTICATED', 'OVERLOADED'],
    })
    .input(z.strictObject({ email: emailField, password: passwordField }))
    .output(tokensBody)
    .mutation(async ({ ctx, input }) => toTokensBody(await logIn(input, deviceOf(ctx))));
