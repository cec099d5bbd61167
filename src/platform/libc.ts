import { dlopen, type FFIFunction } from 'bun:ffi';

/** Functions of this machine's C library, glibc, musl or macOS's. @throws Error where none of them has all of these */
export function fromLibc<Symbols extends Record<string, FFIFunction>>(symbols: Symbols) {
  const musl = `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`;
  const names = process.platform === 'darwin' ? ['libSystem.B.dylib'] : ['libc.so.6', musl];
  for (const name of names) {
    try {
      return dlopen(name, symbols).symbols;
    } catch {
      // Another libc; the next name is tried.
    }
  }
  throw new Error(`${Object.keys(symbols).join(', ')}: in none of ${names.join(', ')}`);
}
