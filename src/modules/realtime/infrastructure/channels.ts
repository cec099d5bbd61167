import { z } from 'zod';
import { isUuid, type ProductId, type UserId } from '../../../kernel/ids';
import type { Database } from '../../../platform/database/database';
import type { ProgressSignal } from '../domain/ports';

/** `{user id} {event number}`, sent by a trigger on product_events (drizzle/0006_living_product_rules.sql). */
export const EVENTS_CHANNEL = 'product_events';
export const PROGRESS_CHANNEL = 'upload_progress';

export function parseEventNotice(payload: string): { userId: UserId; number: number } | null {
  const [userId = '', number = ''] = payload.split(' ');
  return isUuid(userId) && /^\d+$/.test(number) ? { userId: userId as UserId, number: Number(number) } : null;
}

const progressShape = z.tuple([z.uuid(), z.uuid(), z.int(), z.int(), z.int()]).transform(
  ([userId, productId, uploadedImages, totalImages, progressPercent]): ProgressSignal => ({
    userId: userId as UserId,
    productId: productId as ProductId,
    uploadedImages,
    totalImages,
    progressPercent,
  }),
);

/** Null for what no instance of this version has sent. */
export function parseProgress(payload: string): ProgressSignal | null {
  try {
    return progressShape.parse(JSON.parse(payload));
  } catch {
    return null;
  }
}

/** To every instance, this one included. */
export function announceProgress(database: Pick<Database, 'query'>) {
  return async (signals: readonly ProgressSignal[]): Promise<void> => {
    const payloads = signals.map(({ userId, productId, uploadedImages, totalImages, progressPercent }) =>
      JSON.stringify([userId, productId, uploadedImages, totalImages, progressPercent]),
    );
    await database.query(`select pg_notify('${PROGRESS_CHANNEL}', payload) from unnest($1::text[]) as payload`, [
      payloads,
    ]);
  };
}
