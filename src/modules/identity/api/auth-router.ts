import { router } from '../../../platform/http/procedures';
import type { LogIn } from '../application/log-in';
import type { LogOut } from '../application/log-out';
import type { Refresh } from '../application/refresh';
import type { Register } from '../application/register';
import { loginProcedure } from './auth/login';
import { logoutProcedure } from './auth/logout';
import { refreshProcedure } from './auth/refresh';
import { registerProcedure } from './auth/register';

export interface AuthUseCases {
  readonly register: Register;
  readonly logIn: LogIn;
  readonly refresh: Refresh;
  readonly logOut: LogOut;
}

export function authRouter(useCases: AuthUseCases) {
  return router({
    register: registerProcedure(useCases.register),
    login: loginProcedure(useCases.logIn),
    refresh: refreshProcedure(useCases.refresh),
    logout: logoutProcedure(useCases.logOut),
  });
}
