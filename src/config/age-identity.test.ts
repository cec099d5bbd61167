import { expect, test } from 'bun:test';
import { generateX25519Identity } from 'age-encryption';
import { ConfigError, loadSettings } from './load';

function problemsOf(environment: Record<string, string>): string {
  try {
    loadSettings(environment);
    return 'none';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

test.each(['BACKUP_ENCRYPTION_IDENTITY', 'BACKUP_ENCRYPTION_FORMER_IDENTITIES'])(
  '%s with a wrong letter stops the start, and is not shown',
  async (name) => {
    const right = await generateX25519Identity();
    const wrong = `${right.slice(0, -1)}${right.endsWith('Q') ? 'P' : 'Q'}`;
    expect(problemsOf({ [name]: right })).toBe('none');
    for (const text of [wrong, right.slice(0, -1), right.toLowerCase()]) {
      const said = problemsOf({ [name]: text });
      expect(said).toContain(`${name}: got a value that is not shown; must be`);
      expect(said).not.toContain(text.slice(20));
    }
  },
);
