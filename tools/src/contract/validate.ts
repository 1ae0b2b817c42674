import { createRequire } from 'node:module';

interface Finding {
  readonly message: string;
  readonly location: readonly { readonly pointer?: string }[];
}

interface Validator {
  createConfig(config: { extends: string[] }): Promise<unknown>;
  lintFromString(options: { source: string; absoluteRef: string; config: unknown }): Promise<Finding[]>;
}

/**
 * What in an OpenAPI document breaks the specification of its version, one line each; empty when nothing does.
 * openapi-typescript lets a document without `info` or response descriptions pass, so the validator it brings along
 * is asked directly.
 */
export async function specificationErrors(json: string): Promise<string[]> {
  const require = createRequire(import.meta.url);
  const load = createRequire(require.resolve('openapi-typescript'));
  // Its own types are not ours to resolve: it is a dependency of a dependency.
  const validator = load('@redocly/openapi-core') as Validator;
  const findings = await validator.lintFromString({
    source: json,
    absoluteRef: 'openapi.json',
    config: await validator.createConfig({ extends: ['spec'] }),
  });
  return findings.map(({ message, location }) => `${location[0]?.pointer ?? '#'}: ${message}`);
}
