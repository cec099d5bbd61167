/**
 * Plays at a server what attackers of such servers do: slow senders, a hundred times too much at once, guessed passwords,
 * floods. A seller who behaves must be served all the while, memory must not grow, and of what was refused nothing may remain.
 *   bun run test:abuse [--small] [--only word]   attacks whose name has the word
 * All traffic stays on the loopback network. Ends with 1 where a promise was not kept.
 */
import { parseArgs } from 'node:util';
import { attacks } from '../tests/abuse/attacks';
import { type Outcome, play, tableOf } from '../tests/abuse/campaign';
import { openSite } from '../tests/abuse/site';
import { runAtExit } from '../tests/support/exit';

const LARGE = { slowSenders: 100, uploads: 200, uploadBytes: 49_000_000, logins: 10_000, flood: 20_000 };
const SMALL = { slowSenders: 20, uploads: 40, uploadBytes: 49_000_000, logins: 1_000, flood: 15_000 };

const { values } = parseArgs({
  options: { small: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const outcomes: Outcome[] = [];
try {
  const site = await openSite();
  try {
    const chosen = attacks(values.small ? SMALL : LARGE).filter(({ name }) => name.includes(values.only));
    for (const attack of chosen) {
      process.stderr.write(`${attack.name} …\n`);
      const outcome = await play(site, attack);
      outcomes.push(outcome);
      process.stderr.write(`${tableOf([outcome])}\n`);
    }
  } finally {
    await site.close();
  }
  console.log(tableOf(outcomes));
  const problems = outcomes.flatMap(({ attack, problems }) => problems.map((problem) => `${attack}: ${problem}`));
  if (problems.length > 0) throw new Error(problems.join('\n'));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await runAtExit();
}
process.exit();
