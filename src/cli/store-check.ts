import { type Command, CommandFailed } from './command';

export const storeCheck: Command = {
  usage: 'store check',
  says: 'Looks whether the object store keeps what is relied on, for pages of every one of CORS_ORIGINS too; says what is missing.',
  access: 'reads',
  async run({ settings, print }, { storage }) {
    const findings = await storage.check(settings.CORS_ORIGINS);
    for (const { promise, problem, isWarning } of findings) {
      const mark = isWarning ? 'WARNING' : 'MISSING';
      print(problem === null ? `ok       The store ${promise}.` : `${mark}  The store ${promise}: ${problem}.`);
    }
    if (settings.CORS_ORIGINS.length === 0)
      print('         CORS_ORIGINS is empty: pages of other origins are not looked at.');
    const missing = findings.filter(({ problem, isWarning }) => problem !== null && !isWarning).length;
    if (missing > 0) throw new CommandFailed(`${missing} of ${findings.length} are missing.`);
  },
};
