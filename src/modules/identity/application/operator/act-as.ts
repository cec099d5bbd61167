import type { Principal } from '../../../../kernel/principal';
import type { AccessTokens } from '../../domain/access-tokens';
import { principalOf } from '../authenticate';
import type { Account, FindAccount } from './find-account';

export type IssueToken = (account: Account) => Promise<string>;
export type ActAs = (account: Account) => Promise<Principal>;

/** An access token without a session, so it can't be refreshed. @throws what FindAccount throws */
export const issueToken =
  (deps: { readonly findAccount: FindAccount; readonly accessTokens: AccessTokens }): IssueToken =>
  async (account) => {
    const user = await deps.findAccount(account);
    return deps.accessTokens.sign({ userId: user.id, role: user.role });
  };

/** The principal itself, for commands that call use cases in this process. @throws what FindAccount throws */
export const actAs =
  (deps: { readonly findAccount: FindAccount }): ActAs =>
  async (account) =>
    principalOf(await deps.findAccount(account));
