import createFetchClient, { type Client } from 'openapi-fetch';
import { ApiError, type Problem } from './errors.ts';
import type { paths } from './generated/api.ts';
import type { Settings } from './options.ts';
import { send, sendOnce } from './transport.ts';

export type RawClient = Client<paths>;

/** Every operation of the contract, each request sent again where that is safe. */
export function rawClient(settings: Settings): RawClient {
  return clientOver(settings, (request) => send(settings, request));
}

/** Each request sent again where it can help, for whoever knows that doing it twice is doing it once. */
export function repeatableClient(settings: Settings): RawClient {
  return clientOver(settings, (request) => send(settings, request, true));
}

/** Without retries, for whoever counts failures itself. */
export function singleClient(settings: Settings): RawClient {
  return clientOver(settings, (request) => sendOnce(settings, request));
}

function clientOver(
  { baseUrl, headers }: Settings,
  fetch: (request: Request) => Promise<Response>,
): RawClient {
  return createFetchClient<paths>({ baseUrl, headers: { ...headers }, fetch });
}

interface Answer {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly response: Response;
}

/**
 * What the server said; `T` is the operation's type in the contract.
 *
 * @throws ApiError for anything but success
 */
export async function answerOf<T>(method: string, answer: Promise<Answer>): Promise<T> {
  const { data, error, response } = await answer;
  if (data === undefined) throw failure(method, response, error);
  return data as T; // openapi-fetch's mapped type turns the tuples of the contract into arrays
}

/** For answers without a body. @throws ApiError */
export async function expectSuccess(method: string, answer: Promise<Answer>): Promise<void> {
  const { error, response } = await answer;
  if (!response.ok) throw failure(method, response, error);
}

export function failure(method: string, response: Response, body: unknown): ApiError {
  const problem = isProblem(body) ? body : undefined;
  return new ApiError(response, problem, { method, url: response.url });
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;
}

/** `signal` only where there is one: the types tell absent from undefined. */
export const withSignal = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal ? { signal } : {};
