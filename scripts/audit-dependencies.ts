/**
 * `bun run audit`: asks the registry what is known against the packages of bun.lock. Fails on every advisory that docs/advisories.md does
 * not except. Where the registry does not answer, that is said loudly and is no failure: a machine without it must be able to test.
 */
import { join, resolve } from 'node:path';
import { advisoriesIn, exceptionsIn, judge } from './advisories';

const REPOSITORY = resolve(import.meta.dir, '..');

const asked = Bun.spawn([process.execPath, 'audit', '--json'], { cwd: REPOSITORY, stdout: 'pipe', stderr: 'pipe' });
const [output, said] = await Promise.all([new Response(asked.stdout).text(), new Response(asked.stderr).text()]);
await asked.exited;
const advisories = advisoriesIn(output);
if (advisories === null) {
  console.log(
    `NOT PROVEN HERE: that no advisory is open against a dependency. The registry did not answer:\n${said.trim()}`,
  );
} else {
  const exceptions = exceptionsIn(await Bun.file(join(REPOSITORY, 'docs/advisories.md')).text());
  const { against, excepted, idle } = judge(advisories, exceptions, new Date().toISOString().slice(0, 10));
  for (const { id, name, title, severity } of against) console.error(`${severity}: ${name}, ${id}: ${title}`);
  for (const { id, name } of excepted) console.log(`excepted (docs/advisories.md): ${name}, ${id}`);
  for (const id of idle) console.log(`docs/advisories.md excepts ${id}, which is known no more: take it out`);
  console.log(`${against.length} advisories, ${excepted.length} excepted`);
  process.exitCode = against.length === 0 ? 0 : 1;
}
