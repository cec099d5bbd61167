import type { Role } from '../kernel/principal';
import { type Command, type CommandInput, UsageError } from './command';

const ROLES: readonly Role[] = ['seller', 'worker', 'admin'];

export const userCreate: Command = {
  usage: 'user create --role seller|worker|admin [--email E] [--password P]',
  says: 'Makes an account; what is not given is made up and printed.',
  access: 'changes',
  options: ['role', 'email', 'password'],
  async run(input, { identity }) {
    const { email, password } = input.options;
    const made = await identity.operator.createUser({ role: requiredRole(input), email, password });
    input.concerns(made.user.id);
    input.print(
      JSON.stringify({ id: made.user.id, email: made.user.email, role: made.user.role, password: made.password }),
    );
  },
};

export const userList: Command = {
  usage: 'user list',
  says: 'One account a line, as JSON.',
  access: 'reads',
  async run({ print }, { identity }) {
    for (const { id, email, role, createdAt } of await identity.operator.listUsers()) {
      print(JSON.stringify({ id, email, role, created_at: createdAt.toISOString() }));
    }
  },
};

export const userPassword: Command = {
  usage: 'user password --email E [--password P]',
  says: 'Sets a password for who has forgotten it; every session of the account ends.',
  access: 'changes',
  options: ['email', 'password'],
  async run({ options, print }, { identity }) {
    if (options.email === undefined) throw new UsageError('--email is missing');
    const { password } = await identity.operator.setPassword({ email: options.email }, options.password);
    print(JSON.stringify({ email: options.email, password }));
  },
};

export const token: Command = {
  usage: 'token --role seller|worker|admin | --email E | --user ID',
  says: 'Prints an access token on its last line; --role takes the account of that role that operators share.',
  access: 'changes',
  options: ['role', 'email', 'user'],
  async run(input, { identity }) {
    input.print(await identity.operator.issueToken(accountOf(input)));
  },
};

function accountOf(input: CommandInput) {
  const { email, user } = input.options;
  if (user !== undefined) return { userId: user };
  if (email !== undefined) return { email };
  return { role: requiredRole(input) };
}

function requiredRole({ options }: CommandInput): Role {
  const role = ROLES.find((known) => known === options.role);
  if (!role) throw new UsageError(`--role must be one of ${ROLES.join(', ')}`);
  return role;
}
