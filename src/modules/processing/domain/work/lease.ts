import { AppError } from '../../../../kernel/app-error';
import type { AttemptId, ImageId, ProductId } from '../../../../kernel/ids';
import type { ObjectKey, ObjectKind } from '../../../../kernel/object-key';
import type { Sha256 } from '../../../../kernel/sha256';

/** The statuses in which a product waits for a worker. */
export const WORK_PHASES = ['processing', 'publishing'] as const;
export type WorkPhase = (typeof WORK_PHASES)[number];

/** It is also the id of the intent under which the lease's results are stored. */
export type LeaseId = AttemptId;

/** What `complete` and `fail` answered; kept, so that asking again gets the same. */
export interface WorkAnswer {
  readonly productId: ProductId;
  /** Of the product, when the lease ended. */
  readonly status: string;
  /** When a failed one may be claimed again, ISO 8601; absent where it may not. */
  readonly retryAt?: string;
  /** What the worker had to say of its success, such as the id of a listing. */
  readonly result?: Readonly<Record<string, unknown>>;
}

export interface Lease {
  readonly id: LeaseId;
  readonly productId: ProductId;
  readonly phase: WorkPhase;
  /** The name that the worker gave itself. */
  readonly worker: string;
  readonly state: 'live' | 'completed' | 'failed' | 'lost';
  /** Live, and not expired by the database's clock. */
  readonly isCurrent: boolean;
  /** 1 for the first lease since the product entered the phase. */
  readonly attempt: number;
  readonly leaseSeconds: number;
  readonly expiresAt: Date;
  /** Null while it is live, and where it was lost. */
  readonly answer: WorkAnswer | null;
  readonly createdAt: Date;
}

export interface WorkImage {
  readonly id: ImageId;
  readonly isPrimary: boolean;
  readonly sha256: Sha256;
  /** The decoder has refused its bytes: what is not made of it is never made. */
  readonly isRefused: boolean;
  /** Null where it is not made yet. */
  readonly keys: Readonly<Record<ObjectKind, ObjectKey | null>>;
}

export interface ClaimedWork extends Pick<Lease, 'id' | 'productId' | 'attempt' | 'expiresAt'> {
  readonly promptText: string;
  /** In order of their positions. */
  readonly images: readonly WorkImage[];
}

/** @throws AppError LEASE_LOST where it has ended or expired: whoever holds it may not change anything any more */
export function requireCurrent(lease: Lease): void {
  if (!lease.isCurrent) throw new AppError('LEASE_LOST');
}

/** Whom the history names: shown to the seller. */
export function actorOf({ worker }: Pick<Lease, 'worker'>): string {
  return `worker:${worker}`;
}
