/** A thread for tests: `scoring` says how it behaves. */
import { parentPort } from 'node:worker_threads';
import { npyOf } from '../npy.fixture.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

const port = parentPort;
if (port === null) throw new Error('this module runs in a thread');
const send = (message: FromWorker) => port.postMessage(message);

port.on('message', (message: ToWorker) => {
  if (message.type === 'abort')
    return send({ type: 'failed', error: { library: 'abort', message: 'aborted' } });
  if (message.type === 'predicted') {
    const npy = npyOf('float32', [1], message.affinities[0] ?? NaN);
    return send({ type: 'done', result: { npy, timings: {} } });
  }
  if (message.type === 'unpredicted') return send({ type: 'failed', error: message.error });
  switch (message.options.scoring) {
    case 'busy':
      for (;;);
    case 'wait':
      return;
    case 'exit':
      process.exit(3);
    // falls through is impossible: the thread has ended
    case 'throw':
      throw new Error('thrown in the thread');
    case 'refuse':
      return send({ type: 'failed', error: { library: 'segmentation', message: 'The option is wrong.' } });
    default:
      return send({ type: 'predict', call: 1, tiles: Float32Array.from(message.raw.data, Number), count: 1 });
  }
});
