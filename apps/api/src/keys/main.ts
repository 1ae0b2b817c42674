import { runKeys } from './program.ts';

/** `npm run keys`: creates, lists, revokes and exports API keys. */
process.exitCode = await runKeys(process.argv.slice(2), process.env, {
  out: (line) => console.log(line),
  note: (line) => console.error(line),
});
