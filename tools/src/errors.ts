/** Stable codes of everything the tools refuse; the text may change, the codes do not. */
export type ToolsErrorCode =
  | 'tools/bad-option'
  | 'tools/shape-mismatch'
  | 'tools/unknown-benchmark'
  | 'tools/wrong-result'
  | 'tools/no-model'
  | 'tools/no-engine'
  | 'tools/demo-failed';

/** The one error class of the tools: a stable `code` and one sentence that names the value and the remedy. */
export class ToolsError extends Error {
  readonly code: ToolsErrorCode;

  constructor(code: ToolsErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ToolsError';
    this.code = code;
  }
}

/** Narrows an unknown error to ours; with codes, to one of those. */
export function isToolsError(error: unknown, ...codes: ToolsErrorCode[]): error is ToolsError {
  return error instanceof ToolsError && (codes.length === 0 || codes.includes(error.code));
}
