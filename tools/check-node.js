// Plain JavaScript on purpose: loaded before anything else (`node --import`), so that a Node which cannot run
// TypeScript says so in a sentence, not with the stack of an unknown file extension.

/** What is wrong with a version of Node; undefined when nothing is. */
export function complaint(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return undefined;
  return `This needs Node 22.18 or newer, and this is ${version}; on Linux x64 \`npm ci\` brings the right one, elsewhere install it.`;
}

const wrong = complaint(process.versions.node);
if (wrong !== undefined) {
  process.stderr.write(`${wrong}\n`);
  process.exit(1);
}
