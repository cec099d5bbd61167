import { and, asc, eq, sql } from 'drizzle-orm';
import { AppError } from '../../../kernel/app-error';
import type { UserId } from '../../../kernel/ids';
import type { Role } from '../../../kernel/principal';
import type { Database, Orm } from '../../../platform/database/database';
import { databaseFault } from '../../../platform/database/faults';
import { read } from '../../../platform/database/read';
import { users } from '../../../platform/database/schema';
import { ormOf } from '../../../platform/database/transaction';
import type { Email } from '../domain/email';
import type { Credentials } from '../domain/user';
import type { UserRepository } from '../domain/user-repository';

export function postgresUsers(database: Database): UserRepository {
  const { orm } = database;
  const rowOf = async (within: Orm, id: UserId) => (await within.select().from(users).where(eq(users.id, id)))[0];
  return {
    findById: async (id, tx) => {
      const row = tx ? await rowOf(ormOf(tx), id) : await read(() => rowOf(orm, id));
      return row ? credentialsOf(row).user : null;
    },
    findCredentialsById: async (id) => {
      const row = await read(() => rowOf(orm, id));
      return row ? credentialsOf(row) : null;
    },
    findCredentialsByEmail: async (email) => {
      // lower(): as the unique index has it
      const rows = await read(() =>
        orm
          .select()
          .from(users)
          .where(eq(sql`lower(${users.email})`, email)),
      );
      return rows[0] ? credentialsOf(rows[0]) : null;
    },
    list: async () => {
      const rows = await read(() => orm.select().from(users).orderBy(asc(users.createdAt), asc(users.id)));
      return rows.map((row) => credentialsOf(row).user);
    },
    insert: async (tx, { user, passwordHash }) => {
      try {
        await ormOf(tx)
          .insert(users)
          .values({ ...user, passwordHash, updatedAt: user.createdAt });
      } catch (error) {
        throw isEmailTaken(error) ? new AppError('EMAIL_TAKEN') : error;
      }
    },
    holdPasswordHash: async (tx, id) => {
      const held = ormOf(tx).select({ hash: users.passwordHash }).from(users).where(eq(users.id, id));
      return (await held.for('share'))[0]?.hash ?? null;
    },
    replacePasswordHash: async (tx, id, from, to) => {
      const replaced = await ormOf(tx)
        .update(users)
        .set({ passwordHash: to, updatedAt: sql`now()` })
        .where(and(eq(users.id, id), eq(users.passwordHash, from)))
        .returning({ id: users.id });
      return replaced.length === 1;
    },
  };
}

function isEmailTaken(error: unknown): boolean {
  const fault = databaseFault(error);
  return fault.kind === 'unique' && fault.constraint === 'users_email_key';
}

function credentialsOf({ passwordHash, updatedAt: _, ...row }: typeof users.$inferSelect): Credentials {
  // What the database holds, its CHECKs and our own insert have made so.
  const user = { ...row, id: row.id as UserId, email: row.email as Email, role: row.role as Role };
  return { user, passwordHash };
}
