export * from './common.ts';
export * from './models.ts';
export * from './segment.ts';
export * from './segmentations.ts';
export * from './service.ts';
export * from './volumes.ts';
