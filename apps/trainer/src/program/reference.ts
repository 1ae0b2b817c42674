import type { Command } from 'commander';

/** The command line as a page of Markdown: what `--help` says, all commands in one place. */
export function commandReference(program: Command): string {
  const sections = program.commands.map((command) => {
    const usage = `npx ${program.name()} ${command.name()} ${command.usage()}`;
    const options = command.options.map(({ flags, description, defaultValue, argChoices }) => {
      const choices = argChoices ? ` (${argChoices.join(', ')})` : '';
      const otherwise = defaultValue === undefined || defaultValue === false ? '' : shown(defaultValue);
      return `| \`${flags}\` | ${escaped(description + choices)} | ${otherwise} |`;
    });
    return [
      `## ${command.name()}`,
      command.description(),
      `\`${usage}\``,
      ['| option | what it does | default |', '|---|---|---|', ...options].join('\n'),
    ].join('\n\n');
  });
  const head =
    '# Command line\n\nGenerated from the code; `npm test` fails when it is stale, `npm run docs` writes it.';
  return `${[head, ...sections].join('\n\n')}\n`;
}

/** Paths of this machine are no part of a page. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? value.replace(/^.*\/(?=models\/)/, '') : JSON.stringify(value);
  return `\`${escaped(text)}\``;
}

const escaped = (text: string): string => text.replaceAll('|', '\\|');
