import path from 'node:path';
import { importTable, restrictedPackages, secondEntries } from './import-table.mjs';

/** `libs/outbox/src/relay.ts` → { name: 'outbox', root: 'libs/outbox' } */
function projectOf(file) {
  const [first, second] = file.split('/');
  if (first === 'tools') return { name: 'tools', root: 'tools' };
  if ((first === 'libs' || first === 'apps') && second) return { name: second, root: `${first}/${second}` };
  return undefined;
}

/** The feature folder below an app's src, or undefined for its top files. */
function featureOf(file) {
  const match = /^apps\/[^/]+\/src\/([^/]+)\//.exec(file);
  return match?.[1];
}

/** @returns {string | undefined} why the import is forbidden */
export function forbidden(file, source) {
  const project = projectOf(file);
  if (!project) return undefined;
  // A fixture is a part of specs in a file of its own; builds leave it out, too.
  const isSpec = /\.(spec|fixture)\.ts$/.test(file);

  if (source.startsWith('.')) {
    const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), source));
    if (!target.startsWith(`${project.root}/`))
      return `${target} lies outside ${project.root}; import the lib by its name`;
    const otherFeature = featureOf(target) !== undefined && featureOf(target) !== featureOf(file);
    if (!isSpec && otherFeature && featureOf(file) !== undefined && target.endsWith('.repository.js')) {
      return "a feature may use another feature's service, never its repository";
    }
    return undefined;
  }

  const workspace = /^@capsule\/([^/]+)(\/.*)?$/.exec(source);
  if (workspace) {
    const [, name, deep] = workspace;
    if (deep && !secondEntries.includes(source)) return `${source} reaches past the index of the lib`;
    if (name === 'testing') return isSpec ? undefined : 'testing is imported by specs only';
    if (!importTable[project.name]?.includes(name))
      return `${project.name} may not import ${name} (tools/lint/import-table.mjs)`;
    return undefined;
  }

  const restricted = restrictedPackages.find((each) => each.package.test(source) && !each.allowed(file));
  return restricted && !isSpec ? restricted.message : undefined;
}

/** @returns {string | undefined} what a node imports, unless it is put together when it runs */
function sourceOf({ type, source, expression }) {
  const written = type === 'TSExternalModuleReference' ? expression : source;
  const text = written?.type === 'TemplateLiteral' ? written.quasis[0].value.cooked : written?.value;
  return typeof text === 'string' && !(written.expressions?.length > 0) ? text : undefined;
}

/** @type {import('eslint').Rule.RuleModule} */
export const boundaries = {
  meta: { type: 'problem', schema: [], messages: { forbidden: '{{reason}}' } },
  create(context) {
    const file = path.relative(context.cwd, context.filename).split(path.sep).join('/');
    const check = (node) => {
      const source = sourceOf(node);
      const reason = source === undefined ? undefined : forbidden(file, source);
      if (reason) context.report({ node, messageId: 'forbidden', data: { reason } });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: check,
      TSExternalModuleReference: check,
    };
  },
};
