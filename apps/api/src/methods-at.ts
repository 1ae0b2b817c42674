/** The methods that are served at a path, for 405 and its Allow header. */
export function methodsAt(
  routes: readonly { readonly method: string; readonly path: string }[],
  path: string,
): string[] {
  const served = routes.filter((route) => route.method !== 'ALL' && matches(route.path, path));
  return [...new Set(served.map((route) => route.method))];
}

/** Hono's patterns, as far as the contract has them: `:name` is one segment, `:name{.+}` all that follow. */
function matches(pattern: string, path: string): boolean {
  const parts = pattern.split('/').map((part) => {
    if (/^:\w+\{\.\+\}$/.test(part)) return '.+';
    return part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`).test(path);
}
