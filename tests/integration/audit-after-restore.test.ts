import { expect, test } from 'bun:test';
import { FoundSomething } from '../../src/cli/command';
import { photo } from '../support/photos';
import { recoveryKit } from '../support/recovery-kit';
import { aSeller } from '../support/seller-client';

test('an audit that was cut short before a backup is not taken up after its restore, behind what has been lost since', async () => {
  const kit = await recoveryKit();
  const server = await kit.start();
  const seller = await aSeller(server);
  for (const seed of [1, 2, 3]) await seller.upload([await photo({ seed })]);
  await server.stop();
  const keys = (await kit.keys()).sort();
  // as of a process that died behind its second page
  await kit.sql(
    "insert into maintenance_runs (task, started_at, counts, cursor) values ('audit', now() - interval '2 days', '{}', $1)",
    [JSON.stringify({ phase: 'walk', after: keys[1], deep: false, mode: 'look' })],
  );
  await kit.cli(['backup', 'create']);
  await kit.loseDatabase();
  await kit.cli(['backup', 'restore', '--keep-objects']);
  await kit.loseObjects((key) => key === keys[0]);
  await expect(kit.cli(['audit'])).rejects.toBeInstanceOf(FoundSomething);
  await kit.stop();
}, 60_000);
