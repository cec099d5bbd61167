/** One-way hashes of passwords, slow and hungry on purpose. Equal texts of different Unicode forms are the same password. */
export interface PasswordHasher {
  /** @throws OVERLOADED when too many wait for their turn */
  hash(password: string): Promise<string>;
  /**
   * @param hash null where there is no account: takes as long as a real one, and answers false
   * @throws OVERLOADED when too many wait for their turn
   */
  verify(password: string, hash: string | null): Promise<boolean>;
}
