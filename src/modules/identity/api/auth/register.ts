import { z } from 'zod';
import { mayBeLeftOut } from '../../../../platform/http/may-be-left-out';
import { publicProcedure } from '../../../../platform/http/procedures';
import type { Register } from '../../application/register';
import { deviceOf, toTokensBody } from '../bodies';
import { EXAMPLE_PASSWORD, exampleTokens, exampleUser } from '../examples';
import { emailField, nameField, newPasswordField, tokensBody } from '../fields';

export const registerProcedure = (register: Register) =>
  publicProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/auth/register',
        tags: ['Auth'],
        summary: 'Register a seller',
        description: 'Makes an account with the role seller and logs in. FORBIDDEN where registration is closed.',
        protect: false,
      },
      examples: {
        request: { email: exampleUser.email, password: EXAMPLE_PASSWORD, first_name: 'Ana' },
        response: exampleTokens,
      },
      status: 201,
      errors: ['FORBIDDEN', 'EMAIL_TAKEN', 'OVERLOADED'],
    })
    .input(
      z.strictObject({
        email: emailField,
        password: newPasswordField,
        first_name: mayBeLeftOut(nameField),
        last_name: mayBeLeftOut(nameField),
      }),
    )
    .output(tokensBody)
    .mutation(async ({ ctx, input }) => {
      const { email, password, first_name, last_name } = input;
      const registration = { email, password, firstName: first_name || null, lastName: last_name || null };
      return toTokensBody(await register(registration, deviceOf(ctx)));
    });
