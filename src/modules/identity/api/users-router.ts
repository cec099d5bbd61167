import { router } from '../../../platform/http/procedures';
import type { ChangePassword } from '../application/change-password';
import type { Me } from '../application/me';
import type { ListSessions, RevokeSession } from '../application/sessions';
import { changePasswordProcedure } from './users/change-password';
import { meProcedure } from './users/me';
import { revokeSessionProcedure, sessionsProcedure } from './users/sessions';

export interface UsersUseCases {
  readonly me: Me;
  readonly changePassword: ChangePassword;
  readonly listSessions: ListSessions;
  readonly revokeSession: RevokeSession;
}

export function usersRouter(useCases: UsersUseCases) {
  return router({
    me: meProcedure(useCases.me),
    changePassword: changePasswordProcedure(useCases.changePassword),
    sessions: sessionsProcedure(useCases.listSessions),
    revokeSession: revokeSessionProcedure(useCases.revokeSession),
  });
}
