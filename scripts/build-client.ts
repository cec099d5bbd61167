import { resolve } from 'node:path';
import { buildClientPackage } from './client-package/build';

// `bun run build:client`: the client as a package of its own in dist/client. It takes a while, so nothing else waits for it.
const folder = resolve(import.meta.dir, '../dist/client');
await buildClientPackage(folder);
console.log(`${folder}: bun add ${folder}, or npm pack it`);
