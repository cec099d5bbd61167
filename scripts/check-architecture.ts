import { cruise } from './cruise';

// `bun run arch`: every import, judged by .dependency-cruiser.mjs.
const { modules, violations } = await cruise();
for (const { rule, from, to } of violations) console.error(`${from} imports ${to}: ${rule}`);
console.log(`${modules} modules, ${violations.length} violations`);
process.exit(violations.length === 0 ? 0 : 1);
