// Runs before anything else, so it uses nothing newer than what any supported-looking Node understands.
const needed = [20, 19];

/** Ends the process with one plain sentence when this Node is too old to run Capsule. */
export function requireNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > needed[0] || (major === needed[0] && minor >= needed[1])) return;
  console.error(`Capsule needs Node.js ${needed.join('.')} or newer; this is ${process.version}.`);
  process.exit(1);
}
