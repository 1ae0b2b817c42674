/**
 * SwiftShader: Vulkan computed on the processor, Apache-2.0, from the Chromium project. It is fetched, never part of this
 * repository.
 */
export interface Recipe {
  /** npm package (MIT) that carries it, packed as below. */
  readonly package: string;
  readonly version: string;
  /** Of the package's archive, as the registry has it. */
  readonly sha256: string;
  /** Of the library itself. */
  readonly librarySha256: string;
}

export const recipe: Recipe = {
  package: '@sparticuz/chromium',
  version: '147.0.0',
  sha256: '18fe5404ce845594cd7d592fc07f37a19514079ba4d9c27192ad8b908743f16b',
  librarySha256: '5b9e8591c7c2d1c9618c3ad485d0cdffb81f5f1ffd6a982fdb6578c2d8d3213e',
};

/** The archive in the package, and the library in that archive. */
export const packed = { archive: 'package/bin/swiftshader.tar.br', library: 'libvk_swiftshader.so' } as const;

/** Where browsers of Linux systems have it. A library found there is taken if it passes the check. */
export const systemLibraries: readonly string[] = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium-browser',
  '/opt/google/chrome',
].map((directory) => `${directory}/${packed.library}`);

/**
 * The name that Dawn looks for. SwiftShader answers to the calls of the Vulkan loader, so it can stand in its place: no
 * loader, no settings of one.
 */
export const installed = 'libvulkan.so.1';
