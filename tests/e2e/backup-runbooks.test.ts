import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { dirname, resolve } from 'node:path';
import { FoundSomething } from '../../src/cli/command';
import { photo } from '../support/photos';
import { type RecoveryKit, recoveryKit } from '../support/recovery-kit';
import { aSeller } from '../support/seller-client';
import type { Environment } from '../support/server';

// Every `bun run cli …` of docs/backup.md and docs/backup-runbooks.md, as it stands there, in the situation that its section is for.

interface Section {
  readonly title: string;
  readonly commands: readonly string[];
  /** What is to be typed into a shell. */
  readonly shells: readonly string[];
}

const ROOT = resolve(import.meta.dir, '../..');

const PRODUCTS = 3;
const runbooks = await sectionsOf('docs/backup-runbooks.md');
const strategy = await sectionsOf('docs/backup.md');
let kit: RecoveryKit;
let product = '';

beforeAll(async () => {
  kit = await recoveryKit();
  const server = await kit.start();
  const seller = await aSeller(server);
  for (let n = 0; n < PRODUCTS; n += 1) {
    const { id } = (await (await seller.upload([await photo({ seed: n })])).json()) as { id: string };
    product = id;
  }
  await server.stop();
  await kit.cli(['backup', 'create']);
}, 120_000);
afterAll(() => kit.stop());

/** Sections by their headings, with what they say to type, in its order; the beginning of a page has none. */
async function sectionsOf(page: string): Promise<Section[]> {
  return (await Bun.file(resolve(ROOT, page)).text()).split(/^## /m).map((text) => ({
    title: text.slice(0, text.indexOf('\n')),
    commands: [...text.matchAll(/`bun run cli ([^`]+)`|^ *bun run cli (.+)$/gm)].map(([, inline, line]) =>
      (inline ?? line ?? '').replace(/ #.*$/, '').replace(/\s+/g, ' ').trim(),
    ),
    shells: [...text.matchAll(/^( *)```sh\n(.*?)^\1```$/gms)].map(([, , block = '']) => block),
  }));
}

async function backup(): Promise<string> {
  return (JSON.parse((await kit.cli(['backup', 'list', '--json'])).at(-1) ?? '') as { id: string }).id;
}

/** Exit code 2: done, and there is something to look at. Where bytes were lost, the audit finds so. */
const FINDS = /^audit --fresh$/;

async function type(command: string): Promise<void> {
  const named = command.replace('$PRODUCT', product).replace(/\$BACKUP|<id>|\[id\]/, await backup());
  const words = [...named.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
  await kit.cli(words).catch((error: unknown) => {
    if (!(error instanceof FoundSomething && FINDS.test(command))) throw error;
  });
}

/** @returns what it printed */
async function typeIntoShell(text: string, environment: Environment): Promise<string> {
  const child = Bun.spawn(['sh', '-euc', text], {
    cwd: ROOT,
    env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: process.env.HOME ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(stderr);
  return stdout;
}

const isWholeRestore = (command: string) => /^backup restore(?! (objects|product))/.test(command);
const bothAreLost = async (command: string) => {
  if (!isWholeRestore(command)) return;
  await kit.loseDatabase();
  await kit.loseObjects();
};

/** A product and its objects were deleted, and a backup was made since; the database is back as of before all that, and of the hold. */
async function recoverToBeforeADeletion(): Promise<void> {
  const moment = await backup();
  await kit.cli(['maintenance', 'resume']);
  await kit.sql('delete from products where id = $1', [product]);
  await kit.cli(['sweep']);
  await kit.cli(['backup', 'create']);
  await kit.loseDatabase();
  await kit.cli(['backup', 'restore', moment, '--keep-objects']);
  await kit.loseObjects((key) => key.includes(product));
  await kit.sql('delete from maintenance_hold');
}

/** What has happened before each command of a section. */
const HAPPENED: Readonly<Record<string, (command: string) => Promise<void>>> = {
  'Both lost': bothAreLost,
  Ransom: bothAreLost,
  'Moving to another provider': bothAreLost,
  'Lost database': async (command) => {
    if (isWholeRestore(command) && !command.includes('--discard-database')) await kit.loseDatabase();
  },
  'A wrong migration': async (command) => {
    if (isWholeRestore(command)) await kit.loseDatabase();
  },
  'Lost bucket': async (command) => {
    if (command.startsWith('backup restore objects')) await kit.loseObjects();
  },
  'One product deleted by mistake': async (command) => {
    if (!command.startsWith('backup restore product')) return;
    await kit.sql('delete from products where id = $1', [product]);
    await kit.cli(['sweep']);
  },
  'PITR beside the backups': async (command) => {
    if (command.startsWith('maintenance recovered')) await recoverToBeforeADeletion();
  },
};

describe('docs/backup-runbooks.md', () => {
  for (const { title, commands } of runbooks) {
    if (commands.length === 0) continue;
    test(`${title}: what it says to type brings back what is lost`, async () => {
      await kit.cli(['maintenance', 'resume']);
      for (const command of commands) {
        await HAPPENED[title]?.(command);
        await type(command);
      }
      expect(await kit.sql('select count(*)::int as n from products')).toEqual([{ n: PRODUCTS }]);
      await kit.cli(['maintenance', 'resume']);
      await kit.cli(['sweep']);
      expect(await kit.keys()).toHaveLength(PRODUCTS);
    }, 180_000);
  }

  test('has a runbook for each loss, and a situation for each runbook that names one', () => {
    const titles = runbooks.map(({ title }) => title);
    expect(Object.keys(HAPPENED).filter((title) => !titles.includes(title))).toEqual([]);
    expect(runbooks.flatMap(({ commands }) => commands).length).toBeGreaterThan(25);
  });

  test('has nothing in its shells but what is run here', () => {
    const lines = runbooks.flatMap(({ shells }) => shells.flatMap((shell) => shell.trim().split('\n')));
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.filter((line) => !line.trim().startsWith('bun run cli '))).toEqual([]);
  });
});

describe('docs/backup.md', () => {
  test('what it says to type into a shell makes, verifies, lists and prunes backups that are encrypted', async () => {
    const [shell = '', ...more] = strategy.flatMap(({ shells }) => shells);
    expect(more).toEqual([]);
    const folder = await kit.newFolder();
    const [identity = ''] = await kit.cli(['backup', 'key']);
    const typed = shell.replace('/mnt/other-disk/intellipost', folder).replace('AGE-SECRET-KEY-1…', identity);
    const { BACKUP_DIR: _notGiven, ...environment } = kit.environment();
    const said = await typeIntoShell(typed, environment);
    expect(said).toContain('AGE-SECRET-KEY-1');
    const encrypted = { BACKUP_DIR: folder, BACKUP_ENCRYPTION_IDENTITY: identity };
    expect(await kit.told(['backup', 'list'], encrypted)).toMatchObject({
      encryption: 'age',
      absent: 0,
      fully_verified_at: expect.any(String),
    });
  }, 120_000);

  test.each(strategy.filter(({ shells, commands }) => shells.length === 0 && commands.length > 0))(
    '$title: what it says to type works',
    async ({ commands }) => {
      await kit.cli(['maintenance', 'resume']);
      for (const command of commands) await type(command);
    },
    180_000,
  );

  test('says to type something in its sections', () => {
    expect(strategy.flatMap(({ commands }) => commands).length).toBeGreaterThan(8);
  });
});
