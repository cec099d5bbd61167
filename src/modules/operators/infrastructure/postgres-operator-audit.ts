import { sql } from 'drizzle-orm';
import { newId } from '../../../kernel/ids';
import type { Orm } from '../../../platform/database/database';
import { read } from '../../../platform/database/read';
import { operatorAudit } from '../../../platform/database/schema';
import type { Act, ActId, OperatorAudit, Outcome, RecordedAct } from '../domain/operator-audit';

const LONGEST = { actor: 300, command: 60, target: 300, error: 2000 } as const;

export function postgresOperatorAudit(orm: Orm): OperatorAudit {
  const write = async (id: ActId, act: Act, outcome: Outcome | 'begun', error: string | null) => {
    // Not by the builder, which names every column: the right to write `at` and `database_login` is nobody's.
    await orm.execute(sql`
      insert into ${operatorAudit} (act, actor, source, command, target, details, outcome, error)
      values (${id}, ${cut(act.actor, 'actor')}, ${act.source}, ${cut(act.command, 'command')}, ${cut(act.target, 'target')},
        ${JSON.stringify(act.details, storableIn)}::jsonb, ${outcome}, ${cut(error, 'error')})`);
  };
  return {
    begin: async (act) => {
      const id = newId<ActId>();
      await write(id, act, 'begun', null);
      return id;
    },
    end: write,
    record: (act) => write(newId<ActId>(), act, 'done', null),
    recent: async (command, limit) => {
      const { rows } = await read(() => orm.execute<Line>(recentActs(command, limit)));
      return rows.map(actOf);
    },
  };
}

interface Line extends Record<string, unknown> {
  readonly act: ActId;
  readonly at: string;
  readonly database_login: string;
  readonly actor: string;
  readonly source: Act['source'];
  readonly command: string;
  readonly target: string | null;
  readonly details: Act['details'];
  readonly ended_at: string | null;
  readonly outcome: Outcome | null;
  readonly error: string | null;
}

/** The first line of each act with what the last one says of its end. */
const recentActs = (command: string | null, limit: number) => sql`
  select first.act, first.at, first.database_login, first.actor, first.source, first.command, first.details,
    coalesce(last.target, first.target) as target, last.at as ended_at, last.outcome, last.error
  from ${operatorAudit} first
  left join lateral (
    select * from ${operatorAudit} line
    where line.act = first.act and line.outcome <> 'begun' order by line.id desc limit 1) last on true
  where not exists (select 1 from ${operatorAudit} before where before.act = first.act and before.id < first.id)
    and (${command}::text is null or first.command = ${command}::text)
  order by first.id desc limit ${limit}`;

function actOf({ act: id, at, database_login, ended_at, ...line }: Line): RecordedAct {
  return {
    ...line,
    id,
    at: new Date(at),
    databaseLogin: database_login,
    endedAt: ended_at === null ? null : new Date(ended_at),
  };
}

/** A name that no column holds must not keep an act from being written down. */
function cut(text: string | null, column: keyof typeof LONGEST): string | null {
  return text === null ? null : [...storable(text)].slice(0, LONGEST[column]).join('');
}

const storable = (text: string) => text.toWellFormed().replaceAll('\0', '');
const storableIn = (_: string, value: unknown) => (typeof value === 'string' ? storable(value) : value);
