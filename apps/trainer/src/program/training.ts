import type { Command } from 'commander';
import type { FinetuneCommand } from '../commands/finetune.ts';
import type { PretrainCommand } from '../commands/pretrain.ts';
import { trainingOptions, type Run } from './shared.ts';
import { collect, count, counts, positive, sizes } from './values.ts';

export function addPretrain(program: Command, run: Run): void {
  trainingOptions(
    program
      .command('pretrain')
      .description('Pretrain a network on unlabelled volumes: random, next and next-all token prediction.'),
  )
    .requiredOption('--raw <location>', 'volume (path, or file.h5:/dataset); repeat for more', collect)
    .option('--voxels-per-step <n>', 'voxels that go through the network in one step', count, 262144)
    .option('--crops <sides>', "sides of the cubic crops, phase by phase; default: the curriculum's", counts)
    .option('--rate <rate>', 'peak learning rate', positive, 2e-3)
    .action((options: PretrainCommand) =>
      run(options, async (signal) => (await import('../commands/pretrain.ts')).runPretrain(options, signal)),
    );
}

export function addFinetune(program: Command, run: Run): void {
  trainingOptions(program.command('finetune').description('Fine-tune to affinities on a labelled volume.'))
    .requiredOption('--raw <location>', 'volume (path, or file.h5:/dataset)')
    .requiredOption('--labels <location>', 'neuron ids of the same shape, 0 = unlabelled')
    .option('--from <checkpoint>', 'a checkpoint of pretrain; absent: from scratch')
    .option('--crop <z,y,x>', "voxels of a crop; default: the preset's", sizes)
    .option('--batch <n>', 'crops a step', count, 1)
    .option('--rate <rate>', 'peak learning rate', positive, 2e-3)
    .option('--no-erode', 'keep labels up to the boundary; by default boundaries are two voxels wide')
    .action((options: FinetuneCommand) =>
      run(options, async (signal) => (await import('../commands/finetune.ts')).runFinetune(options, signal)),
    );
}
