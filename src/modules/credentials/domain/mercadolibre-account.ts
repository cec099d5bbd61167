/** What a seller's account on MercadoLibre is reached with, as its OAuth gave it. All of it is secret but the id and the time. */
export interface MercadoLibreAccount {
  readonly accessToken: string;
  /** Good for one refresh, after which MercadoLibre gives another. */
  readonly refreshToken: string;
  readonly mlUserId: string;
  /** Of the access token. */
  readonly expiresAt: Date;
}
