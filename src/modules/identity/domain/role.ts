import type { Role } from '../../../kernel/principal';

export const ROLES = ['seller', 'worker', 'admin'] as const satisfies readonly Role[];
