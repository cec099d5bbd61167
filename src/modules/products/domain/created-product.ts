import type { ProductId } from '../../../kernel/ids';

/** The answer to a creation, as the client sees it, and as an Idempotency-Key replays it. */
export interface CreatedProduct {
  readonly id: ProductId;
  readonly status: 'uploading';
  readonly prompt_text: string;
  readonly image_count: number;
  /** ISO 8601, UTC. */
  readonly created_at: string;
  readonly estimated_processing_time_seconds: number;
}
