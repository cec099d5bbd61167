import { type Command, CommandFailed } from './command';
import { JSON_FLAG, printReport } from './report';

export const credentialsRotate: Command = {
  usage: 'credentials rotate [--json]',
  says: 'Wraps what sellers’ MercadoLibre accounts are reached with by CREDENTIALS_KEY, after that was changed; repeatable, while servers run.',
  access: 'changes',
  flags: [JSON_FLAG],
  async run(input, { credentials }) {
    const { progress } = input;
    const rotation = await credentials.rotateKeys((done, total) => progress.show(done, total, 'accounts'));
    printReport(input, { ...rotation });
    if (rotation.left === 0) return;
    throw new CommandFailed(
      `${rotation.left} still need another key, or do not open: keep the previous keys, and see "Credentials of sellers" in docs/operations.md.`,
    );
  },
};
