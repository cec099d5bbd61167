import { AppError } from '../../../kernel/app-error';
import type { AttemptId, ProductId } from '../../../kernel/ids';
import type { KeyPrefix, ObjectKey } from '../../../kernel/object-key';
import type { Transaction } from '../../../kernel/transaction';

export type IntentKind = 'upload' | 'direct' | 'rekey' | 'delete' | 'prepare' | 'restore';

/** Says, before the first object is written, under which keys an attempt will write. */
export interface NewIntent {
  readonly id: AttemptId;
  readonly kind: IntentKind;
  readonly productId: ProductId;
  readonly prefix: KeyPrefix;
  /** How long it lives without being renewed. Default: INTENT_TTL_SECONDS. */
  readonly ttlSeconds?: number;
  /** When the last presigned PUT that is issued with it expires. */
  readonly putExpiresAt?: Date;
}

/** An intent whose objects are to be deleted: `draining` for the first time, `tombstone` until nothing can come any more. */
export interface DoomedIntent {
  readonly id: AttemptId;
  readonly kind: string;
  readonly productId: ProductId | null;
  /** A folder that ends with `/`, or one whole key. */
  readonly prefix: string;
  readonly state: 'draining' | 'tombstone';
}

/** The intent is not open any more: a drain has it, and its objects must not be named by any row. To try again may succeed. */
export class IntentLost extends AppError {
  constructor() {
    super('OVERLOADED', 'It took too long to be stored.', { cause: new Error('the intent is not open any more') });
  }
}

/** The writers' side: open before the first put, renew while at work, settle in the commit or abandon. */
export interface IntentJournal {
  /** Committed when it returns, or with `tx`. Its time is of the database's clock. */
  open(intent: NewIntent, tx?: Transaction): Promise<void>;
  /** @returns false when it is not open any more: stop writing */
  renew(id: AttemptId): Promise<boolean>;
  /** Ends it in the commit that names its objects. @throws IntentLost: roll back */
  settle(tx: Transaction, id: AttemptId): Promise<void>;
  /**
   * Claims it for deletion (open → draining). `gone`: there is no such row, so the commit had happened, and nothing may be deleted.
   */
  abandon(tx: Transaction, id: AttemptId): Promise<'draining' | 'gone'>;
}

/** Which of them; by default all. */
export interface DoomedScope {
  /** Only of keys that begin so. */
  readonly within?: KeyPrefix;
  /** Only those whose objects were not deleted yet: no tombstones. */
  readonly onlyNew?: boolean;
}

/** The drain's side. */
export interface DoomedIntents {
  /**
   * Claims open intents whose time is over (open → draining), committed when it returns. It waits for nobody: one that is locked,
   * or whose seller is being removed, is left to the next claim.
   * @returns how many
   */
  claimExpired(): Promise<number>;
  /** Pages through draining and tombstone intents in order of id. */
  page(after: AttemptId | null, limit: number, scope?: DoomedScope): Promise<DoomedIntent[]>;
  byId(id: AttemptId): Promise<DoomedIntent | null>;
  /** Those of the keys or folders that a row still names. */
  named(intents: readonly DoomedIntent[]): Promise<ReadonlySet<AttemptId>>;
  /** draining → tombstone until greatest(last PUT URL's expiry, now) + PUT_MAX_DURATION_SECONDS. */
  entomb(ids: readonly AttemptId[]): Promise<void>;
  /** Removes tombstones whose time was over at `asOf` already: nothing can have come after the deletion that followed. */
  bury(ids: readonly AttemptId[], asOf: Date): Promise<number>;
  /** The database's clock. */
  now(): Promise<Date>;
  /** How many there are by state, for /metrics. */
  outstanding(): Promise<Record<'open' | 'draining' | 'tombstone', number>>;
}

/** What the drain needs of the object store. */
export interface DrainableStore {
  list(prefix: KeyPrefix): AsyncIterable<{ key: ObjectKey }>;
  /** @throws ObjectsNotDeleted for single objects, when the others are gone */
  deleteMany(keys: readonly ObjectKey[]): Promise<void>;
}
