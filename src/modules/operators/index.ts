export type { Act, OperatorAudit, Outcome } from './domain/operator-audit';
export { operatorsModule } from './module';
