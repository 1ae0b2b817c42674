import { VERSION } from '../version.ts';

/** What `/` of every server says. */
export const INDEX = {
  name: 'TokenUnify: neuron segmentation of EM volumes',
  version: VERSION,
  links: {
    segment: '/v1/segment',
    segmentations: '/v1/segmentations',
    volumes: '/v1/volumes',
    models: '/v1/models',
    deployment: '/v1/deployment',
    contract: '/openapi.json',
    health: '/healthz',
    ready: '/readyz',
  },
};
