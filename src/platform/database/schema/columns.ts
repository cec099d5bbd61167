import { timestamp } from 'drizzle-orm/pg-core';

/** Milliseconds and UTC, as JavaScript's Date holds them: what is written is read back the same, also in a cursor. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });
