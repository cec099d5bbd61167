import { describe, expect, test } from 'bun:test';
import { argon2PasswordHasher } from './argon2-password-hasher';

const hasher = argon2PasswordHasher({ atOnce: 1, waiting: 50 });

describe('argon2id hashes', () => {
  test('hold for their password alone, and no two are equal', async () => {
    const [one, two] = await Promise.all([hasher.hash('correct horse battery'), hasher.hash('correct horse battery')]);
    expect(one).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$');
    expect(one).not.toBe(two);
    expect(await hasher.verify('correct horse battery', one)).toBe(true);
    expect(await hasher.verify('correct horse batterx', one)).toBe(false);
    expect(await hasher.verify('', one)).toBe(false);
  });

  test('hold for the same password typed on another system', async () => {
    const [composed, decomposed] = ['contrase\u00f1a segura', 'contrasen\u0303a segura'];
    expect(await hasher.verify(decomposed, await hasher.hash(composed))).toBe(true);
    expect(await hasher.verify(composed, await hasher.hash(decomposed))).toBe(true);
  });

  test('take as much work for nobody’s password as for somebody’s', async () => {
    const hash = await hasher.hash('correct horse battery');
    const shortest = { known: Infinity, unknown: Infinity };
    for (let round = 0; round < 8; round += 1) {
      shortest.known = Math.min(shortest.known, await costOf(() => hasher.verify('wrong', hash)));
      shortest.unknown = Math.min(shortest.unknown, await costOf(() => hasher.verify('wrong', null)));
    }
    expect(shortest.unknown / shortest.known).toBeWithin(0.5, 2);
  });
});

/** CPU microseconds: what a hash costs, also on a machine that is busy with other things. */
async function costOf(verify: () => Promise<boolean>): Promise<number> {
  const before = process.cpuUsage();
  expect(await verify()).toBe(false);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
