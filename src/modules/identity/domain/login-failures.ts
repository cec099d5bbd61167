/** One address, as far as it can be told, that tries to be one account. The email need not exist. */
export interface LoginAttempt {
  readonly email: string;
  /** Null where it is not known: all of those are one. */
  readonly ip: string | null;
}

/**
 * Counts what failed, by the database: of each address with each email, and of each email from anywhere. Emails that exist and those
 * that do not are counted alike.
 */
export interface LoginFailures {
  /**
   * Counts the attempt as failed before the password is looked at, so that of many at once each counts for the others.
   * @returns seconds that it has to wait, and then it was not counted; 0: it may go on
   */
  begin(attempt: LoginAttempt): Promise<number>;
  /** The password was wrong: counted for the email, too. */
  confirm(attempt: LoginAttempt): Promise<void>;
  /** The password was right: nothing is held against this address any more. */
  forget(attempt: LoginAttempt): Promise<void>;
  /** The password was not looked at after all. */
  withdraw(attempt: LoginAttempt): Promise<void>;
}

export interface LoginLimits {
  /** So many failures of one address with one email cost nothing. */
  readonly freeFailures: number;
  /** From so many failures with one email on, from anywhere, an address that fails waits at once. */
  readonly accountFailures: number;
  readonly longestWaitSeconds: number;
}
