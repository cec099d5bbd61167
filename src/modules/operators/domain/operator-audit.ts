import type { Branded } from '../../../kernel/ids';

/** One thing that was done, from its beginning to its end. */
export type ActId = Branded<'ActId'>;

export interface Act {
  /** `user@host` of a shell, or the id of the account whose token it was. */
  readonly actor: string;
  readonly source: 'cli' | 'api';
  /** `user password`, or the procedure's name. */
  readonly command: string;
  /** What it was done to: an id, an email, a key. Null where that is everything, or nothing yet. */
  readonly target: string | null;
  /** Without secrets. */
  readonly details: Readonly<Record<string, unknown>>;
}

export type Outcome = 'done' | 'found' | 'failed' | 'usage';

export interface RecordedAct extends Act {
  readonly id: ActId;
  readonly at: Date;
  /** The login that the database saw, whatever `actor` says. */
  readonly databaseLogin: string;
  /** Null while it is under way, and for ever where its process died. */
  readonly endedAt: Date | null;
  readonly outcome: Outcome | null;
  readonly error: string | null;
}

/** What operators did, to be read by those who ask them. It is only added to; times and logins are the database's own. */
export interface OperatorAudit {
  /** Committed before the act begins: what can't be written down is not to be done. */
  begin(act: Act): Promise<ActId>;
  /** @param error null where it was done */
  end(id: ActId, act: Act, outcome: Outcome, error: string | null): Promise<void>;
  /** Of an act that is done with this line. */
  record(act: Act): Promise<void>;
  /** The last ones first. @param command null: of all */
  recent(command: string | null, limit: number): Promise<readonly RecordedAct[]>;
}
