import { FFIType } from 'bun:ffi';
import { describe, expect, test } from 'bun:test';
import { fromLibc } from './libc';

describe('functions of the C library', () => {
  test('are found by their names', () => {
    const { getpid } = fromLibc({ getpid: { args: [], returns: FFIType.i32 } });
    expect(getpid()).toBe(process.pid);
  });

  test('that no library has are named, with where they were looked for', () => {
    const noSuch = { no_such_function_of_any_libc: { args: [], returns: FFIType.i32 } };
    expect(() => fromLibc(noSuch)).toThrow(/^no_such_function_of_any_libc: in none of lib/);
  });
});
