import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { CommandFailed, UsageError } from '../../src/cli/command';
import { runCommand } from '../../src/cli/run-command';
import { loadSettings } from '../../src/config/load';
import { maintenanceSchedules } from '../../src/maintenance-schedules';
import { MaintenanceOnHold } from '../../src/modules/maintenance';
import { exclusively } from '../../src/modules/maintenance/application/exclusively';
import { postgresTaskLocks } from '../../src/modules/maintenance/infrastructure/postgres-task-locks';
import { silentLog } from '../support/log';
import { photo } from '../support/photos';
import { aSeller, type SellerClient } from '../support/seller-client';
import { ON_A_FREE_PORT, startTestServer, type TestServer } from '../support/server';

let one: TestServer;
let two: TestServer;
let seller: SellerClient;

beforeAll(async () => {
  const JWT_SECRET = 'one secret for both instances, 0123456789';
  one = await startTestServer({ JWT_SECRET });
  two = await startTestServer({ JWT_SECRET, DATABASE_URL: one.db.url, DATA_DIR: one.dataDir });
  seller = await aSeller(one);
}, 60_000);
afterAll(async () => {
  await two.stop();
  await one.stop();
});
beforeEach(() => one.db.sql('delete from maintenance_hold'));

/** @returns what was printed */
async function cli(...argv: string[]): Promise<string[]> {
  const lines: string[] = [];
  const settings = loadSettings({ ...ON_A_FREE_PORT, DATABASE_URL: one.db.url, DATA_DIR: one.dataDir });
  await runCommand(argv, settings, silentLog, (line) => lines.push(line));
  return lines;
}

const details = async ({ url }: TestServer) =>
  ((await (await fetch(`${url}/readyz`)).json()) as { details?: { maintenance?: string } }).details;
const gauge = async ({ url }: TestServer) =>
  /^maintenance_on_hold (\d)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1];

async function deletedProduct(): Promise<void> {
  const { id } = (await (await seller.upload([await photo()])).json()) as { id: string };
  expect((await seller.call('DELETE', `/api/products/${id}`)).status).toBe(204);
}

describe('while maintenance is on hold', () => {
  test('no instance and no command deletes an object, until it is resumed', async () => {
    await cli('maintenance', 'hold', '--reason', 'recovery');
    await deletedProduct();
    for (const { container } of [one, two]) {
      await container.storage.drainer.idle();
      expect((await container.maintenance.sweep()).counts).toMatchObject({
        held_steps: expect.any(Number),
        work_put_back: 0,
      });
    }
    await expect(cli('sweep')).rejects.toThrow(/Nothing was deleted: maintenance is on hold/);
    expect(await one.keys()).toHaveLength(1);
    expect(await cli('maintenance', 'resume')).toContainEqual(expect.stringMatching(/^resumed +true$/));
    expect((await two.container.maintenance.sweep()).counts).toMatchObject({ drained: 1 });
    expect(await one.keys()).toEqual([]);
  });

  test('audit, scrub and retention refuse to act, and still may look', async () => {
    const { maintenance, audit } = two.container;
    await cli('maintenance', 'hold', '--reason', 'recovery');
    const acts = [
      () => audit.audit({ mode: 'act' }),
      () => audit.audit({ mode: 'report' }),
      () => maintenance.scrub({ bytes: 1 }),
      () => maintenance.retention({ dryRun: false }),
    ];
    for (const act of acts) await expect(act()).rejects.toThrow(MaintenanceOnHold);
    for (const command of [['audit', '--act'], ['scrub'], ['retention']])
      await expect(cli(...command)).rejects.toThrow(CommandFailed);
    expect((await audit.audit({ mode: 'look' })).outcome).toBe('ok');
    expect((await maintenance.retention({ dryRun: true })).outcome).toBe('ok');
  });

  test('what runs by the clock is skipped with a line that says why', async () => {
    await cli('maintenance', 'hold', '--reason', 'recovery');
    const told: string[] = [];
    const log = { ...silentLog, info: (_fields: object, message: string) => void told.push(message) };
    const settings = loadSettings(ON_A_FREE_PORT);
    for (const { queue, work } of maintenanceSchedules(one.container, settings, log, new AbortController().signal))
      if (queue === 'retention') await work();
    expect(told).toEqual([expect.stringContaining('(recovery)')]);
  });

  test('a seller’s wish to revoke URLs is fulfilled at once all the same', async () => {
    await cli('maintenance', 'hold', '--reason', 'recovery');
    const { id } = (await (await seller.upload([await photo()])).json()) as { id: string };
    const before = await one.keys();
    expect((await seller.call('POST', `/api/products/${id}/revoke-urls`)).status).toBe(200);
    expect((await one.keys()).filter((key) => before.includes(key))).toEqual([]);
  });

  test('it is seen in /readyz, /metrics and the list of runs, with its reason where only operators look', async () => {
    expect([await details(two), await gauge(two)]).toEqual([undefined, '0']);
    await cli('maintenance', 'hold', '--reason', 'lost a disk');
    expect((await details(two))?.maintenance).toMatch(/^on hold since 20[-0-9]+T[:.0-9]+Z$/);
    expect(await gauge(two)).toBe('1');
    const [first] = await cli('maintenance', 'runs', '--json');
    expect(JSON.parse(first ?? '')).toMatchObject({ task: 'hold', error: 'lost a disk', ended_at: null });
  });
});

describe('a hold', () => {
  test('ends what is under way: when the command returns, nothing goes on', async () => {
    const ended: string[] = [];
    const running = one.container.maintenance
      .runTask('retention', { dryRun: false }, async ({ signal }) => {
        for (;;) {
          await Bun.sleep(20);
          signal.throwIfAborted();
        }
      })
      .catch((error: Error) => void ended.push(error.name));
    await Bun.sleep(50);
    await cli('maintenance', 'hold', '--reason', 'recovery');
    await running;
    expect(ended).toEqual(['MaintenanceOnHold']);
  });

  test('waits for what moves objects into quarantine or out of it', async () => {
    const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const moving = exclusively(
      postgresTaskLocks(one.db.database),
      'quarantine',
    )(async () => {
      begun.resolve();
      await end.promise;
    });
    await begun.promise;
    let isHeld = false;
    const holding = one.container.maintenance.holdUpkeep('recovery').then(() => (isHeld = true));
    while ((await one.db.sql('select 1 from maintenance_hold')).length === 0) await Bun.sleep(5);
    await Bun.sleep(300);
    expect(isHeld).toBe(false);
    end.resolve();
    await Promise.all([moving, holding]);
    expect(isHeld).toBe(true);
  });

  test('wants a reason, keeps its first one, and is lifted once', async () => {
    await expect(cli('maintenance', 'hold')).rejects.toThrow(UsageError);
    await cli('maintenance', 'hold', '--reason', 'first');
    expect((await cli('maintenance', 'hold', '--reason', 'second')).join()).toContain('first');
    await cli('maintenance', 'resume');
    expect(await cli('maintenance', 'resume')).toContainEqual(expect.stringMatching(/^resumed +false$/));
  });
});
