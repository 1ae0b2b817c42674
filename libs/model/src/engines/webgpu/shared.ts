import type { Tf } from '../../ops/tensor-ops.ts';
import { ModelError } from '../../errors.ts';
import { findAdapter } from './adapter.ts';
import { startGpu, type RunningGpu } from './backend.ts';

export interface AcquiredGpu extends Pick<RunningGpu, 'device' | 'check'> {
  /** Frees the GPU when nobody else has it; a second call does nothing. */
  release(): void;
}

interface Shared {
  readonly gpu: Promise<RunningGpu>;
  users: number;
}

// TensorFlow.js has one backend of a name, in a registry of its own for the process: engines of it can but share it
const running = new WeakMap<Tf, Shared>();

/** The one running WebGPU backend of a copy of TensorFlow.js, started by the first who asks. */
export async function acquireGpu(tf: Tf, find: typeof findAdapter = findAdapter): Promise<AcquiredGpu> {
  for (;;) {
    const shared = running.get(tf) ?? start(tf, find);
    const gpu = await shared.gpu;
    if (usable(gpu)) return share(tf, shared, gpu);
    // a GPU that was lost stays lost: who opens the engine anew gets a new one
    forget(tf, shared);
    gpu.dispose();
  }
}

function share(tf: Tf, shared: Shared, gpu: RunningGpu): AcquiredGpu {
  shared.users++;
  let released = false;
  return {
    device: gpu.device,
    check() {
      if (released) throw freed(gpu.device.name);
      gpu.check();
    },
    release() {
      if (released) return;
      released = true;
      if (--shared.users > 0) return;
      forget(tf, shared);
      gpu.dispose();
    },
  };
}

function usable(gpu: RunningGpu): boolean {
  try {
    gpu.check();
    return true;
  } catch {
    return false;
  }
}

function forget(tf: Tf, shared: Shared): void {
  if (running.get(tf) === shared) running.delete(tf);
}

function start(tf: Tf, find: typeof findAdapter): Shared {
  const shared: Shared = {
    users: 0,
    gpu: find().then((adapter) => {
      if (!adapter)
        throw new ModelError('model/engine', 'WebGPU finds no GPU on this machine any more; use engine cpu.');
      return startGpu(tf, adapter);
    }),
  };
  running.set(tf, shared);
  shared.gpu.catch(() => forget(tf, shared)); // the next one tries again
  return shared;
}

const freed = (name: string) =>
  new ModelError('model/engine', `The engine on ${name} was disposed of; open it again.`, {
    details: { engine: 'webgpu', device: name },
  });
