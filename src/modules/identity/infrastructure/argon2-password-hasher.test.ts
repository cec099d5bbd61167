import { describe, expect, test } from 'bun:test';
import { argon2PasswordHasher } from './argon2-password-hasher';

const hasher = argon2PasswordHasher({ atOnce: 1, waiting: 50 });

describe('argon2id hashes', () => {
  test('hold for their password alone, and no two are equal', async () => {
    const [one, two] = await Promise.all([
      hasher.hash('correct horse battery', null),
      hasher.hash('correct horse battery', null),
    ]);
    expect(one).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$');
    expect(one).not.toBe(two);
    expect(await hasher.verify('correct horse battery', one, null)).toBe(true);
    expect(await hasher.verify('correct horse batterx', one, null)).toBe(false);
    expect(await hasher.verify('', one, null)).toBe(false);
  });

  test('hold for the same password typed on another system', async () => {
    const [composed, decomposed] = ['contrase\u00f1a segura', 'contrasen\u0303a segura'];
    expect(await hasher.verify(decomposed, await hasher.hash(composed, null), null)).toBe(true);
    expect(await hasher.verify(composed, await hasher.hash(decomposed, null), null)).toBe(true);
  });

  test('take as much work for nobody’s password as for somebody’s', async () => {
    const hash = await hasher.hash('correct horse battery', null);
    const shortest = { known: Infinity, unknown: Infinity };
    for (let round = 0; round < 8; round += 1) {
      shortest.known = Math.min(shortest.known, await costOf(() => hasher.verify('wrong', hash, null)));
      shortest.unknown = Math.min(shortest.unknown, await costOf(() => hasher.verify('wrong', null, null)));
    }
    expect(shortest.unknown / shortest.known).toBeWithin(0.5, 2);
  });

  test('are made in turns by those who ask: one password does not wait for many from another address', async () => {
    const done: string[] = [];
    const verify = (from: string) => hasher.verify('wrong', null, from).then(() => done.push(from));
    const [many, one] = ['203.0.113.7', '198.51.100.1'];
    await Promise.all([...Array.from({ length: 5 }, () => verify(many)), verify(one)]);
    expect(done.indexOf(one)).toBeLessThan(3);
  });
});

/** CPU microseconds: what a hash costs, also on a machine that is busy with other things. */
async function costOf(verify: () => Promise<boolean>): Promise<number> {
  const before = process.cpuUsage();
  expect(await verify()).toBe(false);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
