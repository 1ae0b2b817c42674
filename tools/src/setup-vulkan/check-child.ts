/** Run by check.ts in a process of its own: the dynamic loader looks for Vulkan where its parent said. */
import { openEngine } from '@tokenunify/model';

const engine = await openEngine('webgpu');
engine.activate();
const { tf } = engine;
const product = tf.tidy(() => tf.matMul(tf.fill([40, 30], 2), tf.fill([30, 50], 3)));
const values = await product.data();
if (!values.every((value) => value === 180)) throw new Error('A product of matrices is wrong.');
console.log(JSON.stringify({ device: engine.device.name }));
engine.dispose();
