const KEY = /^[a-zA-Z0-9][a-zA-Z0-9._-]*(\/[a-zA-Z0-9][a-zA-Z0-9._-]*)*$/;
const CHARACTERS_MAX = 512;
const SEGMENT_CHARACTERS_MAX = 200;

/**
 * A key is a relative path of plain segments that begin with a letter or digit: `archives/<tenant>/<id>.tar.gz`. So there is
 * no `..`, no hidden file and no absolute path.
 * @throws Error for any other key: keys are made by us, never taken from a request
 */
export function assertObjectKey(key: string): void {
  const fine =
    key.length <= CHARACTERS_MAX &&
    KEY.test(key) &&
    key.split('/').every((segment) => segment.length <= SEGMENT_CHARACTERS_MAX);
  if (!fine) throw new Error(`This is no key of an object: ${JSON.stringify(key.slice(0, 80))}`);
}
