/**
 * The contract: routes as data, with nothing of a runtime in it, so that every server which implements it declares
 * the same one. Validation, the OpenAPI document and the typed client all follow from here.
 */
export * from './models.ts';
export * from './segment.ts';
export * from './segmentations.ts';
export * from './service.ts';
export * from './volumes.ts';
