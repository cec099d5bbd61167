import { expect, test } from 'bun:test';
import { CommandFailed, exitCodeOf, FoundSomething, UsageError } from './command';

test('a cron job tells by the exit code what happened', () => {
  const ends = [new CommandFailed('x'), new Error('x'), new FoundSomething('x'), new UsageError('x')];
  expect(ends.map(exitCodeOf)).toEqual([1, 1, 2, 64]);
});
