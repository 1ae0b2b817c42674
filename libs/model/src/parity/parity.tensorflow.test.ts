import { describeTensorflow } from '../engines/tensorflow.fixture.ts';
import { paritySuite } from './suite.fixture.ts';

paritySuite('tensorflow', describeTensorflow);
