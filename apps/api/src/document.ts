import { createApp } from './app.ts';
import { documentOf, type OpenApiDocument } from './openapi.ts';
import { unloaded } from './segmenter/unloaded.ts';

/** The contract, as GET /openapi.json gives it; no model is needed. */
export function openApiDocument(): OpenApiDocument {
  return documentOf(createApp({ segmenter: unloaded }));
}
