import type { Database } from '../../platform/database/database';
import type { OperatorAudit } from './domain/operator-audit';
import { postgresOperatorAudit } from './infrastructure/postgres-operator-audit';

/** Part of the composition root: the record of what operators did. */
export function operatorsModule({ database }: { readonly database: Database }): OperatorAudit {
  return postgresOperatorAudit(database.orm);
}
