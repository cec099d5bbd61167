import { resolve } from 'node:path';
import type { Settings } from './config/load';
import type { RunningServer } from './server';

/** By its whole path: who pastes the upload may stand in another folder than the server. */
const PHOTO = resolve(import.meta.dir, '../examples/photos/coffee-cup.jpg');

/** What a person sees after `bun start`: where to look, and a first upload to paste into any shell. */
export function banner(settings: Settings, { url, container }: Pick<RunningServer, 'url' | 'container'>): string {
  const database = container.embeddedDatabase ? `embedded PostgreSQL under ${settings.DATA_DIR}` : 'DATABASE_URL';
  const { kind, bucket } = container.storage.store;
  const store = kind === 'disk' ? `files under ${settings.DATA_DIR}` : `bucket ${bucket}`;
  return `
IntelliPost product store

  API        ${url}
  Documents  ${url}/docs
  Health     ${url}/readyz
  Data       ${database}; images in ${store}

A first upload, ready to paste into another terminal (with a photo of your own, if you like):

${firstUpload(url)}

Or: bun run demo. Ctrl-C stops.

`;
}

/** For sh, bash and zsh alike: the time makes the address a new one, because $RANDOM is empty in sh. */
function firstUpload(url: string): string {
  return `  TOKEN=$(curl -s ${url}/api/auth/register -H 'content-type: application/json' \\
    -d '{"email":"seller-'$(date +%s)'@example.com","password":"a long enough password"}' \\
    | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -i ${url}/api/products -H "authorization: Bearer $TOKEN" \\
    -F 'prompt_text=Espresso cup with saucer and spoon, used' \\
    -F images=@${quoted(PHOTO)}`;
}

/** One word for a shell. */
function quoted(path: string): string {
  return /^[\w./@-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
