/** Unit files of systemd, read as systemd reads them. */

/** Section -> directive -> its values, in order. */
export type Unit = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/**
 * Reads a unit file as systemd does: `#` and `;` begin comments where a line begins, `\` at its end joins it with the
 * next, directives may be repeated.
 * @throws Error naming the line that is neither section, directive nor comment
 */
export function parseUnit(text: string): Unit {
  const unit: Record<string, Record<string, string[]>> = {};
  let section: Record<string, string[]> | undefined;
  const joined = text.replace(/\\\n\s*/g, ' ');
  for (const [index, line] of joined.split('\n').entries()) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const name = /^\[(\w+)\]\s*$/.exec(line)?.[1];
    const directive = /^([A-Za-z]\w*)\s*=\s*(.*?)\s*$/.exec(line);
    if (name !== undefined) section = unit[name] ??= {};
    else if (directive && section) (section[directive[1]!] ??= []).push(directive[2]!);
    else throw new Error(`line ${index + 1} is neither a section nor a directive: ${line}`);
  }
  return unit;
}
