import { expect, test } from 'bun:test';
import { MigrationMeter } from './migration-meter';

const NOTHING = { copied: 0, copiedBytes: 0, present: 0, gone: 0, problems: 0, unnamed: 0, pruned: 0 };

test('progress is shown every two seconds, with speed and the time that is left', () => {
  const lines: string[] = [];
  let now = 1_000;
  const meter = new MigrationMeter(
    (line) => lines.push(line),
    () => now,
  );
  for (let done = 1; done <= 50; done += 1) {
    now += 100;
    meter.show({ done, total: 2_000, copiedBytes: done * 1e6 });
  }
  expect(lines).toEqual([
    '20 of 2000 objects, 20.0 MB copied, 10.0 MB/s, about 4 min left',
    '40 of 2000 objects, 40.0 MB copied, 10.0 MB/s, about 4 min left',
  ]);
});

test('progress of a number that nobody knows is shown without it, and without the time that is left', () => {
  const lines: string[] = [];
  let now = 1_000;
  const meter = new MigrationMeter(
    (line) => lines.push(line),
    () => now,
  );
  now += 4_000;
  meter.show({ done: 20, total: null, copiedBytes: 40e6 });
  expect(lines).toEqual(['20 objects, 40.0 MB copied, 10.0 MB/s']);
});

test('the end says what was done, and what --prune is for where it is for anything', () => {
  const endOf = (report: Partial<typeof NOTHING>) => {
    const lines: string[] = [];
    new MigrationMeter((line) => lines.push(line)).end({ ...NOTHING, ...report });
    return lines;
  };
  expect(endOf({ copied: 2, copiedBytes: 3e6, present: 4, gone: 1, problems: 5 })).toEqual([
    'Copied 2 objects (3.0 MB); 4 were there already, 1 have been deleted meanwhile, 5 could not be copied.',
  ]);
  expect(endOf({ unnamed: 7 })[1]).toContain('7 objects on the target have been deleted here');
  expect(endOf({ unnamed: 7 })[1]).toEndWith('can be deleted there with --prune.');
  expect(endOf({ unnamed: 7, pruned: 7 })[1]).toEndWith('and were deleted there.');
});
