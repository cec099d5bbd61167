import { lifecycle } from '../src/modules/products/domain/lifecycle';
import { generateDocs } from './generate-docs';

// `bun run lifecycle`: the machine as JSON on standard output, and a check that its documents are what the code says.
console.log(JSON.stringify(lifecycle.config, null, 2));
const stale = (await generateDocs(true)).filter((path) => path.startsWith('docs/lifecycle.'));
for (const path of stale) console.error(`${path} is not what \`bun run docs\` writes`);
if (stale.length > 0) process.exit(1);
