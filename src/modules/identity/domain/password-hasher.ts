/**
 * One-way hashes of passwords, slow and hungry on purpose. Equal texts of different Unicode forms are the same password. Where many want
 * one at once, those who ask take turns: `from` is the address of who asks, null where it is not known.
 */
export interface PasswordHasher {
  /** @throws OVERLOADED when too many wait for their turn */
  hash(password: string, from: string | null): Promise<string>;
  /**
   * @param hash null where there is no account: takes as long as a real one, and answers false
   * @throws OVERLOADED when too many wait for their turn
   */
  verify(password: string, hash: string | null, from: string | null): Promise<boolean>;
}
