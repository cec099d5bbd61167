import { z } from 'zod';
import { exampleOAuth, tokenFields, tokensOf } from '../../../platform/http/oauth-tokens';
import { sellerProcedure } from '../../../platform/http/procedures';
import type { connectAccount, disconnectAccount, readConnection } from '../application/own-account';

export interface MercadoLibreUseCases {
  readonly connectAccount: ReturnType<typeof connectAccount>;
  readonly readConnection: ReturnType<typeof readConnection>;
  readonly disconnectAccount: ReturnType<typeof disconnectAccount>;
}

const LONGEST_ID = 100;
/** MercadoLibre's own answer has a number here. */
const mlUserIdField = z
  .union([
    z
      .string()
      .trim()
      .min(1)
      .max(LONGEST_ID)
      .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII'),
    z.int().min(1),
  ])
  .transform(String)
  .meta({ description: 'The id of the account on MercadoLibre: text, or the number that MercadoLibre answers.' });

const tags = ['Credentials'];
const path = '/api/credentials/mercadolibre';

export const connectProcedure = ({ connectAccount: connect }: MercadoLibreUseCases) =>
  sellerProcedure
    .meta({
      openapi: {
        method: 'PUT',
        path,
        tags,
        summary: 'Connect my MercadoLibre account',
        description:
          'Keeps what MercadoLibre’s OAuth gave, in the place of what was there. It is stored encrypted, given to the workers that publish for you, and never shown again.',
      },
      examples: { request: { ...exampleOAuth, ml_user_id: '123456789' } },
      status: 204,
    })
    .input(
      z.strictObject({
        ...tokenFields,
        ml_user_id: mlUserIdField,
      }),
    )
    .output(z.void())
    .mutation(({ ctx, input }) =>
      connect(ctx.seller, {
        ...tokensOf(input),
        mlUserId: input.ml_user_id,
      }),
    );

export const connectionProcedure = ({ readConnection: read }: MercadoLibreUseCases) =>
  sellerProcedure
    .meta({
      openapi: {
        method: 'GET',
        path,
        tags,
        summary: 'Is my MercadoLibre account connected?',
        description: 'Which account, and until when its access token is good. Never a token.',
      },
      examples: { response: { connected: true, ml_user_id: '123456789', expires_at: '2026-11-02T20:05:09.000Z' } },
    })
    .output(
      z
        .object({
          connected: z.boolean(),
          ml_user_id: z.string().nullable(),
          expires_at: z.iso.datetime().nullable(),
        })
        .meta({ id: 'MercadoLibreConnection' }),
    )
    .query(async ({ ctx }) => {
      const connection = await read(ctx.seller);
      return {
        connected: connection !== null,
        ml_user_id: connection?.mlUserId ?? null,
        expires_at: connection?.expiresAt.toISOString() ?? null,
      };
    });

export const disconnectProcedure = ({ disconnectAccount: disconnect }: MercadoLibreUseCases) =>
  sellerProcedure
    .meta({
      openapi: {
        method: 'DELETE',
        path,
        tags,
        summary: 'Disconnect my MercadoLibre account',
        description: 'Nothing is kept of it. Safe to repeat.',
      },
      status: 204,
    })
    .output(z.void())
    .mutation(({ ctx }) => disconnect(ctx.seller));
