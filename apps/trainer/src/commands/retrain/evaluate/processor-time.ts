import { readdirSync, readFileSync } from 'node:fs';

/**
 * Milliseconds for which a process and its threads have been on a processor, to the nanosecond, as Linux counts them; undefined where
 * that is not told. Threads that have ended do not count: an inference process keeps its own.
 */
export function processorTime(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const tasks = `/proc/${pid}/task`;
    const spent = readdirSync(tasks).map((id) =>
      Number(readFileSync(`${tasks}/${id}/schedstat`, 'utf8').split(' ')[0]),
    );
    const ms = spent.reduce((sum, ns) => sum + ns, 0) / 1e6;
    return ms > 0 ? ms : undefined;
  } catch {
    return undefined; // another system, or a kernel that does not count
  }
}
