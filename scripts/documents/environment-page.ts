import { type Variable, variables } from './variables';

const HEAD = `# Environment

Generated from \`src/config/settings.ts\` by \`bun run docs\`; do not edit. A wrong value stops the start, and all wrong ones are named
at once. An empty variable counts as absent. Secrets (🔒) never appear in logs or errors.
`;

/** docs/environment.md */
export function environmentPage(): string {
  const sections = variables().map(({ group, variables: members }) =>
    [`## ${group}`, '', '| Variable | May be | Default | |', '|---|---|---|---|', ...members.map(row)].join('\n'),
  );
  return `${HEAD}\n${sections.join('\n\n')}\n`;
}

function row({ name, allowed, fallback, describes, secret }: Variable): string {
  const shown = fallback === null ? '' : `\`${fallback}\``;
  return `| \`${name}\`${secret ? ' 🔒' : ''} | ${cell(allowed)} | ${shown} | ${cell(describes)} |`;
}

const cell = (text: string) => text.replaceAll('|', '\\|');
