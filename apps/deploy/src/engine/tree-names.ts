const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;

export function hasControlCharacters(text: string): boolean {
  return CONTROL_CHARACTERS.test(text);
}

/**
 * Whether a symbolic link of a tree may lead out of it. Its target may climb (`..`) only at the beginning, from a real
 * directory, so that links can't be combined with each other to lead out.
 * @param name path of the link from the top of the tree
 */
export function leadsOut(name: string, target: string): boolean {
  const depth = name.split('/').length - 1;
  const segments = target.split('/').filter((segment) => segment !== '' && segment !== '.');
  const climbed = segments.findIndex((segment) => segment !== '..');
  const climbs = climbed < 0 ? segments.length : climbed;
  return (
    target === '' ||
    target.startsWith('/') ||
    hasControlCharacters(target) ||
    climbs > depth ||
    segments.slice(climbs).includes('..')
  );
}
