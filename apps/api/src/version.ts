import manifest from '../package.json' with { type: 'json' };

/** Of the API's code, not of the contract's paths or of the model. */
export const VERSION: string = manifest.version;
