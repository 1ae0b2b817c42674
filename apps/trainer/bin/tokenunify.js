#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node must get the sentence below, not a syntax error.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `tokenunify needs Node 22.18 or newer, this is ${process.versions.node}; run it as \`npx tokenunify\` in the repository, which brings its own on Linux.\n`,
  );
  process.exit(1);
}
process.removeAllListeners('warning'); // Node 22 warns that running TypeScript is experimental
const { main } = await import('../src/index.ts');
await main(process.argv);
