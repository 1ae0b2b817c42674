import { describeWebgpu } from '../engines/webgpu/webgpu.fixture.ts';
import { paritySuite } from './suite.fixture.ts';

paritySuite('webgpu', describeWebgpu);
