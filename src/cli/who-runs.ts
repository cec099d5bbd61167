import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';

/** `user@host` of this process. Not by the environment, which says what its user wants: the number is the kernel's word. */
export function whoRuns(): string {
  return `${userName()}@${hostname()}`;
}

/** A container may run under a number that no file names; Windows has no numbers. */
function userName(): string {
  const uid = process.getuid?.();
  if (uid === undefined) return userInfo().username;
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((text) => text.split(':')[2] === String(uid));
    return line?.split(':')[0] ?? `uid ${uid}`;
  } catch {
    return `uid ${uid}`; // there is no such file
  }
}
