/**
 * The registry of one machine: which versions there are, which of them is champion, and who is loaded.
 *
 * @module
 */
export { LocalModelRegistry, type RegistryOptions } from './registry.ts';
export { startWith, type Running, type Start } from './running.ts';
export type { Alias, Author, Chosen, Lease, ModelRegistry } from './types.ts';
