export { connectedComponents } from './connected-components.ts';
export { relabelConsecutive, type Relabelled } from './relabel.ts';
