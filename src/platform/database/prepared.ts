import type { Orm } from './database';

/**
 * A statement of the hottest paths, written out: the server parses it once for each connection, and the query builder, a fifth
 * of what the serving thread did for products of small photos, has no part in it.
 */
export interface Prepared {
  /** One for each text in the whole application. */
  readonly name: string;
  readonly text: string;
}

/** @throws the errors of pg as they are; `databaseFault` tells them apart */
export function runPrepared<Row extends object = never>(
  orm: Orm,
  statement: Prepared,
  values: unknown[],
): Promise<{ rows: Row[]; rowCount: number | null }> {
  return orm.$client.query<Row>({ ...statement, values });
}
