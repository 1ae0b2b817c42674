import { manifestProblem } from './problem.ts';

/**
 * JSON of a file that people edit.
 *
 * @throws CommandError `trainer/manifest`, naming the line that does not parse
 */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const line = lineOfJsonError(text);
    const said = (text.split('\n')[line - 1] ?? '').trim().slice(0, 60);
    throw manifestProblem(
      `${file} is not JSON: line ${line} ${said === '' ? 'is where it ends too early' : `cannot be read at '${said}'`}; mend it (strings and names in double quotes, a comma between entries and none behind the last).`,
      cause,
    );
  }
}

/**
 * The line, counted from 1, at which a text stops being JSON. `JSON.parse` of Node 22 gives a position for some mistakes
 * only: not for a comma too many, the most frequent one.
 */
export function lineOfJsonError(text: string): number {
  const failedAt = scan(text);
  return text.slice(0, failedAt).split('\n').length;
}

const SPACE = /[ \t\r\n]*/y;
const SCALAR =
  // eslint-disable-next-line no-control-regex -- JSON strings hold no control characters
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** The first position at which no JSON goes on; the text's length where it ends too early. */
function scan(text: string): number {
  const open: ('[' | '{')[] = [];
  let at = 0;
  const skip = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  };
  const take = (character: string): boolean => {
    if (text[at] !== character) return false;
    at++;
    return true;
  };
  for (let wants: 'value' | 'value or ]' | 'name' | 'name or }' | 'end' = 'value'; ;) {
    skip(SPACE);
    if (wants === 'end') {
      const inside = open.at(-1);
      if (inside === undefined) return at;
      if (take(inside === '[' ? ']' : '}')) open.pop();
      else if (take(',')) wants = inside === '[' ? 'value' : 'name';
      else return at;
    } else if (wants === 'name' || wants === 'name or }') {
      if (wants === 'name or }' && take('}')) {
        open.pop();
        wants = 'end';
        continue;
      }
      if (text[at] !== '"' || skip(SCALAR) === '') return at;
      skip(SPACE);
      if (!take(':')) return at;
      wants = 'value';
    } else if (wants === 'value or ]' && take(']')) {
      open.pop();
      wants = 'end';
    } else if (take('[')) {
      open.push('[');
      wants = 'value or ]';
    } else if (take('{')) {
      open.push('{');
      wants = 'name or }';
    } else {
      if (skip(SCALAR) === '') return at;
      wants = 'end';
    }
  }
}
