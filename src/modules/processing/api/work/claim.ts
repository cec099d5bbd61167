import { z } from 'zod';
import { workerProcedure } from '../../../../platform/http/procedures';
import type { Job } from '../../application/work/claim-work';
import { exampleClaim } from './examples';
import { idSchema, phaseSchema, textSchema, timeSchema } from './fields';
import { imagesSchema, toWireImages } from './images';
import type { WorkUseCases } from './use-cases';

const credentialsSchema = z
  .object({ access_token: z.string(), refresh_token: z.string(), ml_user_id: z.string(), expires_at: timeSchema })
  .nullable()
  .meta({ description: 'Of the seller’s MercadoLibre account, for publishing alone; null where none is connected.' });

const jobsSchema = z.object({
  jobs: z.array(
    z.object({
      lease_id: idSchema,
      lease_expires_at: timeSchema,
      attempt: z.int().meta({ description: '1 for the first since the product entered the phase.' }),
      product_id: idSchema,
      prompt_text: z.string(),
      images: imagesSchema.meta({
        description:
          'In order of their positions, without those that the decoder has refused, of which none of these variants is made. Where it has refused all of them there is none: fail the work, which no other attempt would do better.',
      }),
      credentials: credentialsSchema.optional(),
    }),
  ),
});

export function claimProcedure({ claimWork }: Pick<WorkUseCases, 'claimWork'>) {
  return workerProcedure
    .meta({
      openapi: {
        method: 'POST',
        path: '/api/work/{phase}/claim',
        tags: ['Work'],
        summary: 'Take products to work on',
        description:
          'Leases up to `max` products; each is given to one worker alone, and back to the queue when its lease expires. Sellers take turns. None is an answer, too: ask again after a while.',
      },
      examples: exampleClaim,
      errors: ['STORAGE_UNAVAILABLE'],
    })
    .input(
      z.strictObject({
        phase: phaseSchema,
        worker: textSchema(200).meta({ description: 'The worker’s own name; sellers see it in the history.' }),
        max: z.int().min(1).max(50),
        lease_seconds: z.int().min(10).max(3600),
      }),
    )
    .output(jobsSchema)
    .mutation(async ({ ctx, input }) => {
      const { phase, worker, max, lease_seconds: leaseSeconds } = input;
      const jobs = await claimWork(ctx.worker, { phase, worker, max, leaseSeconds });
      return { jobs: jobs.map(toWireJob) };
    });
}

function toWireJob(job: Job): z.infer<typeof jobsSchema>['jobs'][number] {
  return {
    lease_id: job.id,
    lease_expires_at: job.expiresAt.toISOString(),
    attempt: job.attempt,
    product_id: job.productId,
    prompt_text: job.promptText,
    images: toWireImages(job.images),
    ...(job.credentials === undefined ? {} : { credentials: toWireCredentials(job.credentials) }),
  };
}

function toWireCredentials(credentials: NonNullable<Job['credentials']> | null): z.infer<typeof credentialsSchema> {
  return (
    credentials && {
      access_token: credentials.accessToken,
      refresh_token: credentials.refreshToken,
      ml_user_id: credentials.mlUserId,
      expires_at: credentials.expiresAt.toISOString(),
    }
  );
}
