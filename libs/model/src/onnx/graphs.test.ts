import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { presetNamed, presets, withTransformer } from '../network/presets.ts';
import { graphOf } from './graphs.fixture.ts';
import { opsets } from './opset.ts';

const names = Object.keys(presets);
const table = new URL('../../../../docs/reference/onnx-operators.md', import.meta.url);

/** First column of the table in the docs. */
const documented = readFileSync(table, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => [...line.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));

describe.each(names)('the graph of %s', (name) => {
  const graph = graphOf(presetNamed(name), { dtype: 'float16' });

  it('has no operators but those of the documented table: no loop over tokens, no transposed convolution', () => {
    const used = new Set(graph.nodes.map(({ op }) => op));
    expect([...used].filter((op) => !documented.includes(op))).toEqual([]);
    for (const op of ['Scan', 'Loop', 'If', 'ConvTranspose', 'LSTM', 'Resize', 'CumSum', 'Einsum'])
      expect(used).not.toContain(op);
  });

  it('has ungrouped convolutions over three axes, padded and strided as written', () => {
    const convolutions = graph.nodes.filter(({ op }) => op === 'Conv');
    expect(convolutions.length).toBeGreaterThan(30);
    for (const { attributes, inputs } of convolutions) {
      expect(Object.keys(attributes).toSorted()).toEqual(['kernel_shape', 'pads', 'strides']); // so group is 1
      expect(graph.tensors.get(inputs[1]!)!.shape).toHaveLength(5);
    }
  });

  it('keeps exponentials, norms, sums and softmax in float32, and has float16 where the weights are', () => {
    const typeOf = new Map<string, string>([['raw', 'float32']]);
    for (const { name: tensor, type } of graph.tensors.values()) typeOf.set(tensor, type);
    const narrow = new Set<string>();
    for (const { op, name: node, inputs, attributes } of graph.nodes) {
      const types = inputs.map((input) => typeOf.get(input)).filter((type) => type !== 'int64');
      expect(new Set(types).size, `${op} ${node} mixes types`).toBe(1);
      if (op === 'Cast') {
        typeOf.set(node, attributes['to'] === 10 ? 'float16' : 'float32');
        continue;
      }
      typeOf.set(node, types[0]!);
      if (types[0] === 'float16') narrow.add(op);
    }
    for (const op of [
      'Exp',
      'Softplus',
      'Softmax',
      'Sqrt',
      'ReduceMean',
      'ReduceSum',
      'InstanceNormalization',
    ])
      expect(narrow).not.toContain(op);
    for (const op of ['Conv', 'MatMul']) expect(narrow).toContain(op);
    const [half, all] = ['float16', undefined].map((wanted) =>
      [...graph.tensors.values()]
        .filter(({ name: tensor, type }) => used.has(tensor) && (wanted === undefined || type === wanted))
        .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    );
    expect(half! / all!).toBeGreaterThan(name.startsWith('nano') ? 0.05 : 0.5);
  });

  const used = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
});

describe('every graph', () => {
  it('is the same for all opsets, but for the axes of a mean, which became an input', () => {
    const shapes = opsets.map((opset) =>
      graphOf(presetNamed('base'), { opset }).nodes.map(({ op, inputs }) => [
        op,
        op === 'ReduceMean' ? 1 : inputs.length,
      ]),
    );
    for (const shape of shapes) expect(shape).toEqual(shapes[0]);
  });

  it('has no Cast in float32', () => {
    for (const name of names) {
      const graph = graphOf(presetNamed(name));
      expect(graph.nodes.some(({ op }) => op === 'Cast')).toBe(false);
    }
  });

  it('with Transformer stages has a softmax on top of the same operators', () => {
    const graph = graphOf(withTransformer(presetNamed('nano')));
    const used = [...new Set(graph.nodes.map(({ op }) => op))];
    expect(used).toContain('Softmax');
    expect(used.filter((op) => !documented.includes(op))).toEqual([]);
  });
});
