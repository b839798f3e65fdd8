import { readFileSync } from 'node:fs';
import { isVariable, listVariables, type SettingsOf, type Variable, type VariableGroup } from './variable.js';

/** The variables of one process. */
export interface Environment<Group extends VariableGroup = VariableGroup> {
  readonly name: string;
  readonly variables: Group;
}

export type SettingsFrom<E extends Environment> = SettingsOf<E['variables']>;

/** Every fault of the environment at once, so that one look mends them all. Values are never quoted: they may be secret. */
export class EnvironmentError extends Error {
  constructor(
    environment: string,
    readonly faults: readonly { variable: string; message: string }[],
  ) {
    const lines = faults.map((fault) => `  ${fault.variable}: ${fault.message}`);
    super(`The environment of ${environment} is not usable:\n${lines.join('\n')}`);
    this.name = 'EnvironmentError';
  }
}

type Source = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings of one process.
 * @throws EnvironmentError listing every missing or faulty variable by name with what is wanted.
 */
export function loadEnvironment<Group extends VariableGroup>(
  environment: Environment<Group>,
  source: Source,
): SettingsOf<Group> {
  const faults: { variable: string; message: string }[] = [];
  const settings = readGroup(environment.variables, source, faults);
  // One variable may stand in several parts of the environment; it is told once.
  const told = [...new Map(faults.map((fault) => [fault.variable, fault])).values()];
  if (told.length > 0) throw new EnvironmentError(environment.name, told);
  return settings as SettingsOf<Group>;
}

/** The part of `source` that the process knows, for a supervisor that hands each process no more than its own. */
export function pickEnvironment(environment: Environment, source: Source): Record<string, string> {
  const names = listVariables(environment.variables).flatMap(({ variable, secret, override }) => [
    variable,
    ...(secret ? [`${variable}_FILE`] : []),
    ...(override ? [override.variable] : []),
  ]);
  const picked = names.map((name) => [name, source[name]] as const);
  return Object.fromEntries(picked.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function readGroup(
  group: VariableGroup,
  source: Source,
  faults: { variable: string; message: string }[],
): unknown {
  return Object.fromEntries(
    Object.entries(group).map(([key, node]) => [
      key,
      isVariable(node) ? readVariable(node, source, faults) : readGroup(node, source, faults),
    ]),
  );
}

function readVariable(
  declared: Variable,
  source: Source,
  faults: { variable: string; message: string }[],
): unknown {
  const each = overridden(declared, source);
  const raw = rawText(each, source, faults);
  if (raw === FAULTY) return undefined;
  const value = raw ?? each.default ?? undefined;
  if (value === undefined) {
    if (each.default === null) return undefined;
    faults.push({ variable: each.variable, message: `is missing; wanted: ${each.description}` });
    return undefined;
  }
  const result = each.schema.safeParse(value);
  if (result.success) return result.data;
  faults.push({
    variable: each.variable,
    message: result.error.issues.map((issue) => issue.message).join('; '),
  });
  return undefined;
}

/** The variable that holds: the override where it is set. */
function overridden(declared: Variable, source: Source): Variable {
  const name = declared.override?.variable;
  return name !== undefined && source[name] ? { ...declared, variable: name } : declared;
}

const FAULTY = Symbol('faulty');

function rawText(
  each: Variable,
  source: Source,
  faults: { variable: string; message: string }[],
): string | undefined | typeof FAULTY {
  // An empty value means "not set": that is what an unset variable becomes in Compose files and CI systems.
  const direct = source[each.variable] || undefined;
  const file = each.secret ? source[`${each.variable}_FILE`] || undefined : undefined;
  if (file === undefined) return direct;
  if (direct !== undefined) {
    faults.push({
      variable: each.variable,
      message: `is set together with ${each.variable}_FILE; keep one of them`,
    });
    return FAULTY;
  }
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    faults.push({
      variable: `${each.variable}_FILE`,
      message: `names a file that cannot be read (${reason})`,
    });
    return FAULTY;
  }
}
