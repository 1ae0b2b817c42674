import { Option, type Command } from 'commander';
import type { FinetuneFlags, PretrainFlags } from '../config/resolve.ts';
import { given, trainingOptions, type Run } from './shared.ts';
import { collect, count, crops, positive, share, sizes } from './values.ts';

export function addPretrain(program: Command, run: Run): void {
  const command = trainingOptions(
    program
      .command('pretrain')
      .description('Pretrain a network on unlabelled volumes: random, next and next-all token prediction.'),
  )
    .requiredOption('--raw <location>', 'volume (path, or file.h5:/dataset); repeat for more', collect)
    .option('--voxels-per-step <n>', 'voxels that go through the network at once', count, 262144)
    .option('--batch <n>', 'crops a step, in as many goes as it takes; default: one go', count)
    .option(
      '--crops <list>',
      "crops, phase by phase: sides of cubes, or zxyxx as 8x64x64; default: the curriculum's",
      crops,
    )
    .option('--rate <rate>', 'peak learning rate', positive, 2e-3)
    .option(
      '--held-out <share>',
      'of every volume, only looked at, to warn; 0: nothing; default: 0.02',
      share,
    )
    .addOption(
      new Option('--held-out-box <ranges>', 'instead of a share: a box of every volume, as --box').conflicts(
        'heldOut',
      ),
    )
    .option('--probe-every <n>', 'steps between looks at what is held out; default: a tenth of all', count);
  command.action((options: PretrainFlags) =>
    run(options, async (signal) => {
      const { resolvePretrain } = await import('../config/resolve.ts');
      const { runPretrain } = await import('../commands/pretrain.ts');
      return runPretrain(await resolvePretrain(options, given(command)), signal);
    }),
  );
}

export function addFinetune(program: Command, run: Run): void {
  const command = trainingOptions(
    program.command('finetune').description('Fine-tune to affinities on a labelled volume.'),
  )
    .requiredOption('--raw <location>', 'volume (path, or file.h5:/dataset)')
    .requiredOption('--labels <location>', 'neuron ids of the same shape, 0 = unlabelled')
    .option('--from <checkpoint>', 'a checkpoint of pretrain; absent: from scratch')
    .option('--crop <z,y,x>', "voxels of a crop; default: the preset's", sizes)
    .option('--batch <n>', 'crops a step', count, 1)
    .option('--voxels-per-step <n>', 'voxels that go through the network at once; default: a step', count)
    .option('--rate <rate>', 'peak learning rate', positive, 2e-3)
    .option('--no-erode', 'keep labels up to the boundary; by default boundaries are two voxels wide');
  command.action((options: FinetuneFlags) =>
    run(options, async (signal) => {
      const { resolveFinetune } = await import('../config/resolve.ts');
      const { runFinetune } = await import('../commands/finetune.ts');
      return runFinetune(await resolveFinetune(options, given(command)), signal);
    }),
  );
}
