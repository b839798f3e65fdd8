import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listVariables } from '@capsule/config';
import { allVariables } from './platform-settings.js';
import { ambientVariables } from './services.js';

const known = new Set([
  ...ambientVariables,
  ...listVariables(allVariables).flatMap(({ variable, secret, override }) => [
    variable,
    ...(secret ? [`${variable}_FILE`] : []),
    ...(override ? [override.variable] : []),
  ]),
]);

/** Of other programs that read `.env` with us. */
const foreign = /^(?:DOCKER|COMPOSE|CAPSULE_TEST)_/;

/** A line, or several in quotes: empty, a comment, or a name with its value. */
const entry =
  /[ \t]*(?:#.*|(?:export[ \t]+)?(?<name>[\w.-]+)[ \t]*=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`|(?!["'`])).*)?(?:\n|$)/y;

/** How far a name may be from the one that was meant. */
const slips = 3;

/** What `.env` holds in vain, each in a sentence; values are never quoted: they may be secret. */
export function environmentOddities(workspace: string): string[] {
  const path = join(workspace, '.env');
  return existsSync(path) ? odditiesOf(readFileSync(path, 'utf8').replaceAll('\r\n', '\n')) : [];
}

function odditiesOf(text: string): string[] {
  const oddities: string[] = [];
  for (let at = 0; at < text.length;) {
    entry.lastIndex = at;
    const found = entry.exec(text);
    const name = found?.groups?.['name'];
    if (!found) {
      const line = text.slice(0, at).split('\n').length;
      oddities.push(`Line ${line} of .env is no NAME=value, or lacks the end of its quotes.`);
    } else if (name && !known.has(name) && !foreign.test(name)) {
      const nearest = nearestName(name);
      oddities.push(`Nothing reads ${name} of .env${nearest ? `; is ${nearest} meant?` : '.'}`);
    }
    at = found ? entry.lastIndex : `${text}\n`.indexOf('\n', at) + 1;
  }
  return oddities;
}

function nearestName(name: string): string | undefined {
  const [nearest] = [...known]
    .map((each) => ({ each, distance: distanceOf(name, each) }))
    .sort((a, b) => a.distance - b.distance);
  return nearest && nearest.distance <= slips ? nearest.each : undefined;
}

/** Levenshtein's: how many characters must be added, taken away or changed. */
function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, character] of [...from].entries()) {
    const next = [line + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const changed = (row[column - 1] ?? 0) + (to[column - 1] === character ? 0 : 1);
      next.push(Math.min(changed, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
