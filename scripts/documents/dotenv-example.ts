import { variables } from './variables';

const HEAD = `# Generated from src/config/settings.ts by \`bun run docs\`; do not edit. Without any of it \`bun start\` runs on embedded parts.
# Copied to .env it runs on PostgreSQL and MinIO of docker-compose.yml: \`docker compose up --wait\`, then \`bun start\`.
# The passwords are those of that file, good for nothing but this machine. docs/environment.md says what each may be.
`;

/** What differs from the defaults to run on the host against docker-compose.yml. */
const AGAINST_COMPOSE: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://intellipost:intellipost-dev@localhost:5432/intellipost',
  MIGRATION_DATABASE_URL: 'postgres://intellipost_owner:intellipost-dev@localhost:5432/intellipost',
  S3_BUCKET_NAME: 'intellipost',
  S3_ENDPOINT_URL: 'http://localhost:9000',
  S3_ACCESS_KEY_ID: 'intellipost-dev',
  S3_SECRET_ACCESS_KEY: 'intellipost-dev',
  S3_SSE: 'AES256',
  JWT_SECRET: 'development-only-change-me-in-production',
  CREDENTIALS_KEY: 'development-only-change-me-in-production-too',
};

/** .env.example */
export function dotenvExample(): string {
  const groups = variables().map(({ group, variables: members }) =>
    [
      `# ${group} ${'-'.repeat(Math.max(3, 110 - group.length))}`,
      ...members.map(
        ({ name, describes, fallback }) => `# ${describes}\n${assignment(name, AGAINST_COMPOSE[name], fallback)}`,
      ),
    ].join('\n'),
  );
  return `${HEAD}\n${groups.join('\n\n')}\n`;
}

/** What is not needed stands there as a comment, so that changing it is to take the sign away. */
function assignment(name: string, needed: string | undefined, fallback: string | null): string {
  return needed === undefined ? `#${name}=${quoted(fallback ?? '')}` : `${name}=${needed}`;
}

const quoted = (value: string) => (/[\s#*"]/.test(value) ? `'${value}'` : value);
