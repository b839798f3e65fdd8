import type { Environment } from './environment.js';
import { listVariables, type Variable } from './variable.js';

/**
 * The text of `.env.example`: every variable once, under the process that names it first, with its meaning and its
 * default. Secrets are left empty: `npm start` generates them, and no example should ever be a working password.
 */
export function renderExample(environments: readonly Environment[]): string {
  const seen = new Set<string>();
  const sections = environments.map((environment) => {
    const fresh = listVariables(environment.variables).filter((each) => {
      if (seen.has(each.variable)) return false;
      seen.add(each.variable);
      return true;
    });
    return fresh.length === 0 ? '' : `# ── ${environment.name} ──\n${fresh.map(renderVariable).join('\n')}\n`;
  });
  const head =
    '# Generated from the schemas in libs/config by `npm run env:example`; do not edit.\n' +
    '# `npm start` writes a .env with generated secrets when there is none.\n' +
    '# Every secret may also come from a file: <NAME>_FILE=/path.\n\n';
  return head + sections.filter((section) => section !== '').join('\n');
}

function renderVariable(each: Variable): string {
  if (each.secret) return `# ${each.description} (secret, required)\n${each.variable}=`;
  if (each.default === null) return `# ${each.description} (optional)\n# ${each.variable}=`;
  return `# ${each.description}${each.default === undefined ? ' (required)' : ''}\n${each.variable}=${each.default ?? ''}`;
}
