import { DeploymentFailure } from './deployment-failure.js';
import { TreeBounds } from './tree-bounds.js';

describe('the bounds of a tree', () => {
  const bounds = () => new TreeBounds({ unpackedBytes: 100, entries: 200_000 }, 'it');
  const again = (count: number, step: (at: number) => void) => () => {
    for (let at = 0; at < count; at += 1) step(at);
  };

  it('take all it may hold', () => {
    const full = bounds();
    again(200_000, (at) => full.addEntry(`node_modules/some/package/lib/${at}.js`))();
    full.addBytes(100);
  });

  it.each<[string, (of: TreeBounds) => () => void, string]>([
    ['bytes', (of) => again(2, () => of.addBytes(51)), 'more than 100 bytes'],
    ['entries', (of) => again(200_001, () => of.addEntry('a')), 'more than 200000 entries'],
    [
      'long names',
      (of) => again(40_000, () => of.addEntry('n'.repeat(1_000))),
      'more than 33554432 bytes of names',
    ],
    [
      'long links',
      (of) => again(9_000, () => of.addLinkTarget('l'.repeat(4_000))),
      'more than 33554432 bytes of names',
    ],
    ['a name too long', (of) => () => of.addEntry('n'.repeat(1_025)), 'a path that is too long'],
    ['a link too long', (of) => () => of.addLinkTarget('l'.repeat(4_096)), 'a link that is too long'],
    ['a path too deep', (of) => () => of.addEntry(`${'d/'.repeat(64)}f`), 'a path deeper than 64 folders'],
  ])('refuse %s beyond that', (_name, adding, what) => {
    expect(adding(bounds())).toThrow(new DeploymentFailure('source_invalid', `it holds ${what}`));
  });
});
