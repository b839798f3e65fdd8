/**
 * What a schema consists of, by object ("table users") and part ("column name"), each as PostgreSQL prints it. Plain
 * data, so that it can be kept in a file and compared with what another database has.
 */
export type Catalogue = Record<string, Record<string, string>>;

const SHOWN_LENGTH_MAX = 160;

/**
 * One line for each difference, by object. An object that is missing, or that should not be there, is one line with all
 * its parts.
 */
export function compareCatalogues(actual: Catalogue, expected: Catalogue): string[] {
  return namesOfBoth(actual, expected).flatMap((object) => {
    const [found, wanted] = [actual[object], expected[object]];
    if (found === undefined) return [`${object} is missing`];
    if (wanted === undefined) return [`${object} is there, expected none`];
    return namesOfBoth(found, wanted)
      .filter((part) => found[part] !== wanted[part])
      .map((part) => `${object}: ${part} ${difference(found[part], wanted[part])}`);
  });
}

function difference(found: string | undefined, wanted: string | undefined): string {
  if (found === undefined) return `is missing, expected ${show(wanted ?? '')}`;
  if (wanted === undefined) return `is ${show(found)}, expected none`;
  if (!found.includes('\n') && !wanted.includes('\n')) return `is ${show(found)}, expected ${show(wanted)}`;
  const [foundLines, wantedLines] = [found.split('\n'), wanted.split('\n')];
  const at = foundLines.findIndex((line, index) => line !== wantedLines[index]);
  const line = at < 0 ? foundLines.length : at;
  return `differs in line ${line + 1}: is ${showLine(foundLines[line])}, expected ${showLine(wantedLines[line])}`;
}

function showLine(line: string | undefined): string {
  return line === undefined ? 'at its end' : show(line.trim());
}

function show(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > SHOWN_LENGTH_MAX ? `${line.slice(0, SHOWN_LENGTH_MAX)}…` : line;
}

function namesOfBoth(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}
