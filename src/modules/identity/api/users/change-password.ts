import { z } from 'zod';
import { authenticatedProcedure } from '../../../../platform/http/procedures';
import type { ChangePassword } from '../../application/change-password';
import { deviceOf, toTokensBody } from '../bodies';
import { EXAMPLE_PASSWORD, exampleTokens } from '../examples';
import { newPasswordField, passwordField, tokensBody } from '../fields';

export const changePasswordProcedure = (changePassword: ChangePassword) =>
  authenticatedProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/users/me/password',
        tags: ['Users'],
        summary: 'Change my password',
        description:
          'Revokes every other session and answers new tokens for this one. FORBIDDEN when the current password is wrong, ' +
          'CONFLICT when it was changed at the same time. Wrong ones are counted as those of logins are.',
      },
      examples: {
        request: { current_password: 'the one that leaked', new_password: EXAMPLE_PASSWORD },
        response: exampleTokens,
      },
      errors: ['FORBIDDEN', 'CONFLICT', 'OVERLOADED'],
    })
    .input(z.strictObject({ current_password: passwordField, new_password: newPasswordField }))
    .output(tokensBody)
    .mutation(async ({ ctx, input }) => {
      const change = { currentPassword: input.current_password, newPassword: input.new_password };
      return toTokensBody(await changePassword(ctx.principal, change, deviceOf(ctx)));
    });
