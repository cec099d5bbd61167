import type { Settings } from './config/load';
import type { RunningServer } from './server';

/** What a person sees after `bun start`: where to look, and a first upload to paste. */
export function banner(settings: Settings, { url, container }: RunningServer): string {
  const database = container.embeddedDatabase ? `embedded PostgreSQL under ${settings.DATA_DIR}` : 'DATABASE_URL';
  const { kind, bucket } = container.storage.store;
  const store = kind === 'disk' ? `files under ${settings.DATA_DIR}` : `bucket ${bucket}`;
  return `
IntelliPost product store

  API        ${url}
  Documents  ${url}/docs
  Health     ${url}/readyz
  Data       ${database}; images in ${store}

A first upload, ready to paste (a photo of your own in place of examples/photos/bicycle.jpg, if you like):

  TOKEN=$(curl -s ${url}/api/auth/register -H 'content-type: application/json' \\
    -d '{"email":"seller-'$RANDOM'@example.com","password":"a long enough password"}' \\
    | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -i ${url}/api/products -H "authorization: Bearer $TOKEN" \\
    -F 'prompt_text=Used mountain bike, 26 inch, new tyres' \\
    -F images=@examples/photos/bicycle.jpg

Or: bun run demo. Ctrl-C stops.

`;
}
