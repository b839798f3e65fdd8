import type { Environment } from './environment.js';
import { listVariables, type Override, type Variable } from './variable.js';

/**
 * The text of `.env.example`: every variable once, under the process that names it first, with its meaning and its
 * default. Secrets are left empty: `npm start` generates them, and no example should ever be a working password.
 */
export function renderExample(environments: readonly Environment[]): string {
  const seen = new Set<string>();
  const overrides = overridesIn(environments);
  const sections = environments.map((environment) => {
    const fresh = listVariables(environment.variables).filter((each) => {
      if (seen.has(each.variable)) return false;
      seen.add(each.variable);
      return true;
    });
    if (fresh.length === 0) return '';
    const lines = fresh.map((each) => renderVariable(each, overrides.get(each.variable) ?? []));
    return `# ── ${environment.name} ──\n${lines.join('\n')}\n`;
  });
  const head =
    '# Generated from the schemas in libs/config by `npm run env:example`; do not edit.\n' +
    '# `npm start` writes a .env with generated secrets when there is none.\n' +
    '# Every secret may also come from a file: <NAME>_FILE=/path.\n\n';
  return head + sections.filter((section) => section !== '').join('\n');
}

/** By the variable they take the place of. */
function overridesIn(environments: readonly Environment[]): Map<string, Override[]> {
  const overrides = new Map<string, Override[]>();
  for (const { variable, override } of environments.flatMap((each) => listVariables(each.variables))) {
    if (override === undefined) continue;
    const known = overrides.get(variable) ?? [];
    if (!known.some((each) => each.variable === override.variable)) {
      overrides.set(variable, [...known, override]);
    }
  }
  return overrides;
}

function renderVariable(each: Variable, overrides: readonly Override[]): string {
  const own = overrides.map(({ variable, scope }) => `# for ${scope} alone: ${variable}\n`).join('');
  return `# ${each.description}${remarkOn(each)}\n${own}${renderLine(each)}`;
}

function remarkOn(each: Variable): string {
  if (each.secret) return ' (secret, required)';
  if (each.default === null) return ' (optional)';
  return each.default === undefined ? ' (required)' : '';
}

function renderLine(each: Variable): string {
  if (each.default === null) return `# ${each.variable}=`;
  return `${each.variable}=${each.default ?? ''}`;
}
