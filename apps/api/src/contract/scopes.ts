/** What an API key may be allowed. `/healthz`, `/readyz`, `/openapi.json` and `/` need no key. */
export const SCOPES = [
  'segment',
  'volumes:read',
  'volumes:write',
  'segmentations:read',
  'segmentations:write',
  'models:read',
  'models:write',
] as const;

export type Scope = (typeof SCOPES)[number];

/** The scope of each operation; an operation that is not here needs none. */
export const SCOPE_OF: Readonly<Record<string, Scope>> = {
  segment: 'segment',
  createVolume: 'volumes:write',
  listVolumes: 'volumes:read',
  getVolume: 'volumes:read',
  sealVolume: 'volumes:write',
  deleteVolume: 'volumes:write',
  putKey: 'volumes:write',
  getKey: 'volumes:read',
  deleteKey: 'volumes:write',
  createSegmentation: 'segmentations:write',
  listSegmentations: 'segmentations:read',
  getSegmentation: 'segmentations:read',
  segmentationEvents: 'segmentations:read',
  cancelSegmentation: 'segmentations:write',
  resumeSegmentation: 'segmentations:write',
  relabelSegmentation: 'segmentations:write',
  deleteSegmentation: 'segmentations:write',
  listModels: 'models:read',
  uploadModel: 'models:write',
  getModel: 'models:read',
  getModelFile: 'models:read',
  promoteModel: 'models:write',
  challengeModel: 'models:write',
  retireModel: 'models:write',
  deleteModel: 'models:write',
  getDeployment: 'models:read',
  changeDeployment: 'models:write',
  rollBack: 'models:write',
  listComparisons: 'models:read',
};
