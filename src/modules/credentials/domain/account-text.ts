import type { MercadoLibreAccount } from './mercadolibre-account';

/** The account as the text that is sealed. */
export function accountToText({ expiresAt, ...rest }: MercadoLibreAccount): string {
  return JSON.stringify({ ...rest, expiresAt: expiresAt.toISOString() });
}

/** Of a text that has been opened: it was authenticated, so it is what `accountToText` made. */
export function accountOfText(text: string): MercadoLibreAccount {
  const kept = JSON.parse(text) as Omit<MercadoLibreAccount, 'expiresAt'> & { readonly expiresAt: string };
  return { ...kept, expiresAt: new Date(kept.expiresAt) };
}
