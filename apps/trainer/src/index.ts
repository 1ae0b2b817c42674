export { main } from './cli.ts';
export { createProgram } from './program/index.ts';
