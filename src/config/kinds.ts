import { CronExpressionParser } from 'cron-parser';
import { z } from 'zod';
import { wrongProxy } from '../platform/http/client-address';

// Environment variables are text, and an empty one counts as absent (docker compose passes `NAME=` for what is not set).

export const whole = (fallback: number, least: number, most: number) =>
  z.coerce
    .number({ error: 'must be a whole number' })
    .int('must be a whole number')
    .min(least)
    .max(most)
    .default(fallback);

/** Absent where its default depends on the machine. */
export const optionalWhole = (least: number, most: number) =>
  z.coerce.number({ error: 'must be a whole number' }).int('must be a whole number').min(least).max(most).optional();

export const port = (fallback: number) => whole(fallback, 0, 65535);
export const seconds = whole;
export const bytes = (fallback: number) => whole(fallback, 1, 10 * 1024 ** 3);

/** Of a whole: 0 to 1. */
export const share = (fallback: number) =>
  z.coerce.number({ error: 'must be a number' }).min(0).max(1).default(fallback);

export const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false', '1', '0'], { error: 'must be true or false' })
    .transform((text) => text === 'true' || text === '1')
    .default(fallback);

export const optionalText = () => z.string().min(1).optional();

/**
 * Of a server. What follows is put behind it as text, so it comes out without slashes at its end, and nothing may stand in it that
 * would swallow a path or go to strangers with every URL: no query, fragment or credentials.
 */
export const optionalHttpUrl = () =>
  z
    .string()
    .refine((text) => /^https?:\/\/[^\s/\\?#@]+(?:\/[^\s\\?#]*)?$/.test(text) && URL.canParse(text), {
      error: 'must be a URL that begins with http:// or https://, without credentials, query or fragment',
    })
    .transform((text) => text.replace(/\/+$/, ''))
    .optional();

export const optionalDatabaseUrl = () =>
  z
    .string()
    .refine((text) => URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol), {
      error: 'must be a URL that begins with postgres:// or postgresql://',
    })
    .optional();

export const secret = () => z.string().min(32, 'must have 32 characters or more').optional().meta({ secret: true });

/** Several secrets, separated by commas. */
export const secretList = () =>
  list()
    .refine((items) => items.every((item) => item.length >= 32), 'each must have 32 characters or more')
    .meta({ secret: true });

export const list = () =>
  z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    );

/** Addresses and CIDR blocks. */
export const proxies = () =>
  list().refine((entries) => entries.every((entry) => wrongProxy(entry) === null), {
    error: 'must be addresses and CIDR blocks, separated by commas',
  });

/** When something runs, in the words of the parser that the queue runs it by; `off` never. */
export const cron = (fallback: string) =>
  z
    .string()
    .refine((text) => text === 'off' || isCron(text), {
      error: 'must be a cron expression, such as "17 * * * *", or off',
    })
    .default(fallback);

function isCron(text: string): boolean {
  // it takes an empty one for every minute
  if (text.trim() === '') return false;
  try {
    CronExpressionParser.parse(text, { tz: 'UTC' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Of pages. They come out as browsers send them, whatever their capitals and with a slash at their end or not: doors, and stores that
 * are told of them, compare byte for byte. `*` is any.
 */
export const origins = () =>
  list()
    .refine((entries) => entries.every((entry) => entry === '*' || isOrigin(asBrowsersSend(entry))), {
      error:
        'must be origins such as https://shop.example, separated by commas: scheme, host, and the port unless it is the usual one; or *',
    })
    .transform((entries) => entries.map(asBrowsersSend));

function asBrowsersSend(origin: string): string {
  return origin.replace(/\/$/, '').toLowerCase();
}

function isOrigin(text: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@*\s]+$/.test(text) || !URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  // of the pages of an app, such as capacitor://localhost, the scheme is its own and URL knows no origin
  return protocol === 'http:' || protocol === 'https:' ? origin === text : true;
}
