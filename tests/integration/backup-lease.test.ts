import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { AppError } from '../../src/kernel/app-error';
import { patiently } from '../../src/kernel/patiently';
import { takeLease } from '../../src/modules/backup/application/target/target-lease';
import { type BackupKit, backupKit, instead } from '../support/backup-kit';
import { silentLog } from '../support/log';

let kit: BackupKit;
beforeAll(async () => {
  kit = await backupKit();
}, 60_000);
afterAll(() => kit.stop());
beforeEach(async () => kit.target.deleteMany(await kit.targetKeys()));

const on = (target: BackupKit['target']) => ({ target, staging: kit.staging, log: silentLog });

/** A target whose call of this number goes wrong: it is not heard, or only its answer is not. */
class Faulty {
  calls = 0;
  constructor(
    private readonly failsAt: number,
    private readonly isDone: boolean,
  ) {}

  get hasFailed(): boolean {
    return this.calls >= this.failsAt;
  }

  get target(): BackupKit['target'] {
    const { target } = kit;
    return instead(target, {
      put: (...args) => this.call(() => target.put(...args)),
      get: (...args) => this.call(() => target.get(...args)),
      head: (...args) => this.call(() => target.head(...args)),
      deleteMany: (...args) => this.call(() => target.deleteMany(...args)),
      list: (...args) => this.listing(target.list(...args)),
    });
  }

  private async *listing<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
    await this.call(async () => undefined);
    yield* items;
  }

  private async call<Result>(work: () => Promise<Result>): Promise<Result> {
    this.calls += 1;
    const fails = this.calls === this.failsAt;
    if (!fails || this.isDone) {
      const result = await work();
      if (!fails) return result;
    }
    throw new AppError('STORAGE_UNAVAILABLE');
  }
}

describe.each([
  ['is not heard', false],
  ['is heard, and its answer is not', true],
] as const)('where a call to the target %s', (_, isDone) => {
  test('whoever holds the lease goes on holding it, and nobody is kept away after it', async () => {
    for (let at = 1; ; at += 1) {
      await kit.target.deleteMany(await kit.targetKeys());
      const faulty = new Faulty(at, isDone);
      const before = await takeLease(on(kit.target), 'somebody', 60);
      await before.release();
      const lease = await patiently([0], () => takeLease(on(faulty.target), 'backup 1', 60));
      for (let round = 0; round < 3; round += 1) {
        await patiently([0], () => lease.renew());
        await expect(takeLease(on(kit.target), 'prune', 60)).rejects.toThrow('in use: backup 1');
      }
      await patiently([0], () => lease.release());
      const next = await takeLease(on(kit.target), 'prune', 60);
      await next.release();
      if (!faulty.hasFailed) return;
    }
  }, 60_000);
});

test('a target that fails while a lease is taken keeps nobody away afterwards', async () => {
  let puts = 0;
  const target = instead(kit.target, {
    // three are heard without an answer, which is as long as one waits
    put: async (...args) => {
      puts += 1;
      const put = kit.target.put(...args);
      if (puts > 3) return await put;
      await put.catch(() => undefined);
      throw new AppError('STORAGE_UNAVAILABLE');
    },
  });
  await expect(takeLease(on(target), 'backup 1', 3600)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  await (await takeLease(on(kit.target), 'prune', 60)).release();
}, 30_000);

test('a renewal is a new time by the target’s clock, also where one before it was written without an answer', async () => {
  let isAnswerLost = true;
  const target = instead(kit.target, {
    put: async (...args) => {
      await kit.target.put(...args);
      if (!isAnswerLost) return;
      throw new AppError('STORAGE_UNAVAILABLE');
    },
  });
  isAnswerLost = false;
  const lease = await takeLease(on(target), 'backup 1', 60);
  isAnswerLost = true;
  await expect(lease.renew()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  isAnswerLost = false;
  const [unheard] = (await kit.targetKeys('lease/chain/')).slice(-1);
  await lease.renew();
  const [top] = (await kit.targetKeys('lease/chain/')).slice(-1);
  expect(Number(top!.slice(-12))).toBe(Number(unheard!.slice(-12)) + 1);
});

test('whoever may not delete takes, renews and releases it all the same', async () => {
  const target = instead(kit.target, { deleteMany: () => Promise.reject(new AppError('STORAGE_UNAVAILABLE')) });
  const lease = await takeLease(on(target), 'backup 1', 1);
  await lease.renew();
  await lease.release();
  const next = await takeLease(on(kit.target), 'prune', 60);
  // who may, tidies up
  expect(await kit.targetKeys('lease/chain/')).toHaveLength(1);
  await next.release();
});
