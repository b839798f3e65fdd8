import { MigrationError } from './migration-error.js';

export type Placeholders = Readonly<Record<string, string>>;

const PLACEHOLDER = /\$\{([^{}]+)\}/g;

/**
 * Puts values in place of `${name}` as Flyway does: everywhere in the text, names without regard to case, values as
 * they are.
 * @throws MigrationError naming every placeholder that has no value
 */
export function replacePlaceholders(script: string, sql: string, placeholders: Placeholders): string {
  if (!sql.includes('${')) return sql;
  const values = new Map(Object.entries(placeholders).map(([name, value]) => [name.toLowerCase(), value]));
  const unknown = new Set<string>();
  const replaced = sql.replace(PLACEHOLDER, (placeholder, name: string) => {
    const value = values.get(name.toLowerCase());
    if (value === undefined) unknown.add(placeholder);
    return value ?? placeholder;
  });
  if (unknown.size > 0)
    throw new MigrationError(`${script}: there is no value for ${[...unknown].join(', ')}.`);
  return replaced;
}
