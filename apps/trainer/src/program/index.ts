import { Command } from 'commander';
import { addAnnotate } from './annotations.ts';
import { addEvaluate, addExport } from './models.ts';
import { addRetrain } from './retrain.ts';
import type { Run } from './shared.ts';
import { addFinetune, addPretrain } from './training.ts';
import { addInfo, addSegment } from './volumes.ts';

export type { CommandRun, Run } from './shared.ts';

/**
 * The command line. Commands are imported when they run, so that `--help` loads neither TensorFlow.js nor the volumes'
 * formats.
 */
export function createProgram(run: Run): Command {
  const program = new Command('tokenunify')
    .description('Neuron segmentation of electron-microscopy volumes: training, export, segmentation.')
    .showHelpAfterError('(add --help for the options)');
  for (const add of [
    addPretrain,
    addFinetune,
    addExport,
    addEvaluate,
    addAnnotate,
    addRetrain,
    addSegment,
    addInfo,
  ])
    add(program, run);
  return program;
}
