import { expect, test } from 'vitest';
import { EmIoError, ioError, isEmIoError } from './errors.ts';

test('an error is narrowed by its code', () => {
  const error: unknown = new EmIoError('em-io/axes', 'Transpose it.', { cause: 'why' });
  expect(isEmIoError(error)).toBe(true);
  expect(isEmIoError(error, 'em-io/axes', 'em-io/closed')).toBe(true);
  expect(isEmIoError(error, 'em-io/closed')).toBe(false);
  expect(isEmIoError(new Error('other'))).toBe(false);
});

test('what the operating system says is wrapped once, and aborts are not', () => {
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  expect(ioError(denied, 'write', '/x')).toMatchObject({
    code: 'em-io/io',
    message: 'Cannot write /x: EACCES: permission denied.',
    cause: denied,
  });
  const missing = Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  const wrapped = ioError(missing, 'read', '/x');
  expect(wrapped).toMatchObject({ code: 'em-io/not-found', message: '/x does not exist.' });
  expect(ioError(wrapped, 'read', '/y')).toBe(wrapped);
  const abort = new DOMException('stop', 'AbortError');
  expect(ioError(abort, 'read', '/x')).toBe(abort);
});
