export * from './declare.ts';
export * from './problems.ts';
export * from './routes/index.ts';
export * from './schemas/index.ts';
export * from './scopes.ts';
