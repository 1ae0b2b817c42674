import { engineNames, presets } from '@tokenunify/model';
import { CommanderError, type Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from './index.ts';
import { engineChoices, presetChoices } from './shared.ts';

/** The command line, which tells what it would run instead of running it. */
function recorded() {
  const said = { out: '', error: '', runs: 0 };
  const program = createProgram(async () => void said.runs++);
  const settle = (command: Command) => {
    command.exitOverride().configureOutput({
      writeOut: (text) => (said.out += text),
      writeErr: (text) => (said.error += text),
      getOutHelpWidth: () => 120,
    });
    command.commands.forEach(settle);
  };
  settle(program);
  return { said, program };
}

function help(...args: string[]): string {
  const { said, program } = recorded();
  expect(() => program.parse([...args, '--help'], { from: 'user' })).toThrow(CommanderError);
  return said.out;
}

describe('--help', () => {
  it('of tokenunify', () =>
    expect(help()).toMatchInlineSnapshot(`
      "Usage: tokenunify [options] [command]

      Neuron segmentation of electron-microscopy volumes: training, export, segmentation.

      Options:
        -h, --help                          display help for command

      Commands:
        pretrain [options]                  Pretrain a network on unlabelled volumes: random, next and next-all token
                                            prediction.
        finetune [options]                  Fine-tune to affinities on a labelled volume.
        export [options]                    Export a fine-tuned checkpoint as a BioImage.IO model package with ONNX weights,
                                            and check it.
        evaluate [options]                  Score a model on labelled voxels, beside segmentations that learn nothing; or
                                            choose post-processing.
        annotate [options]                  Add a labelled box to the manifest of annotations that the nightly run reads.
        retrain [options]                   One night: train on new annotations from the champion of a server, and promote the
                                            result there if it is better.
        segment [options] <input> <output>  Segment a volume, here or on a server; the extension of the output picks its
                                            format (.zarr, .npy).
        info [options] [what]               What this machine can run; or what a volume, a checkpoint or a model package is.
        help [command]                      display help for command
      "
    `));
  it('of pretrain', () =>
    expect(help('pretrain')).toMatchInlineSnapshot(`
      "Usage: tokenunify pretrain [options]

      Pretrain a network on unlabelled volumes: random, next and next-all token prediction.

      Options:
        --engine <name>          training engine (choices: "auto", "tensorflow", "webgpu", "cpu", default: "auto")
        --gpu                    only a GPU will do; an error when there is none (default: false)
        --config <file>          settings, as configs/paper.json; options typed here win
        --box <ranges>           part of the volume, z,y,x, as ':,0:118,:'
        --preset <name>          network (choices: "nano", "tiny", "base", "100m", "200m", "500m", "1b", "nano-anisotropic",
                                 "tiny-anisotropic", "base-anisotropic", "100m-anisotropic", "200m-anisotropic",
                                 "500m-anisotropic", "1b-anisotropic", default: "nano")
        --steps <n>              steps of training (default: 1000)
        --epochs <n>             instead of --steps: times that every voxel is trained on, on average
        --seed <n>               everything random follows from it (default: 1)
        --checkpoint-every <n>   steps between checkpoints (default: 200)
        --no-isotropic           never swap z with y and x when augmenting; so it is anyway for presets whose token is no cube
        --recompute              compute activations again instead of keeping them: less memory, more time (default: false)
        --out <directory>        run directory: settings, log, checkpoints
        --resume                 go on with the run in --out (default: false)
        --json                   JSON lines on stdout (default: false)
        --raw <location>         volume (path, or file.h5:/dataset); repeat for more
        --voxels-per-step <n>    voxels that go through the network at once (default: 262144)
        --batch <n>              crops a step, in as many goes as it takes; default: one go
        --crops <list>           crops, phase by phase: sides of cubes, or zxyxx as 8x64x64; default: the curriculum's
        --rate <rate>            peak learning rate (default: 0.002)
        --held-out <share>       of every volume, only looked at, to warn; 0: nothing; default: 0.02
        --held-out-box <ranges>  instead of a share: a box of every volume, as --box
        --probe-every <n>        steps between looks at what is held out; default: a tenth of all
        -h, --help               display help for command
      "
    `));
  it('of finetune', () =>
    expect(help('finetune')).toMatchInlineSnapshot(`
      "Usage: tokenunify finetune [options]

      Fine-tune to affinities on a labelled volume.

      Options:
        --engine <name>         training engine (choices: "auto", "tensorflow", "webgpu", "cpu", default: "auto")
        --gpu                   only a GPU will do; an error when there is none (default: false)
        --config <file>         settings, as configs/paper.json; options typed here win
        --box <ranges>          part of the volume, z,y,x, as ':,0:118,:'
        --preset <name>         network (choices: "nano", "tiny", "base", "100m", "200m", "500m", "1b", "nano-anisotropic",
                                "tiny-anisotropic", "base-anisotropic", "100m-anisotropic", "200m-anisotropic",
                                "500m-anisotropic", "1b-anisotropic", default: "nano")
        --steps <n>             steps of training (default: 1000)
        --epochs <n>            instead of --steps: times that every voxel is trained on, on average
        --seed <n>              everything random follows from it (default: 1)
        --checkpoint-every <n>  steps between checkpoints (default: 200)
        --no-isotropic          never swap z with y and x when augmenting; so it is anyway for presets whose token is no cube
        --recompute             compute activations again instead of keeping them: less memory, more time (default: false)
        --out <directory>       run directory: settings, log, checkpoints
        --resume                go on with the run in --out (default: false)
        --json                  JSON lines on stdout (default: false)
        --raw <location>        volume (path, or file.h5:/dataset)
        --labels <location>     neuron ids of the same shape, 0 = unlabelled
        --from <checkpoint>     a checkpoint of pretrain; absent: from scratch
        --crop <z,y,x>          voxels of a crop; default: the preset's
        --batch <n>             crops a step (default: 1)
        --voxels-per-step <n>   voxels that go through the network at once; default: a step
        --rate <rate>           peak learning rate (default: 0.002)
        --no-erode              keep labels up to the boundary; by default boundaries are two voxels wide
        -h, --help              display help for command
      "
    `));
  it('of export', () =>
    expect(help('export')).toMatchInlineSnapshot(`
      "Usage: tokenunify export [options]

      Export a fine-tuned checkpoint as a BioImage.IO model package with ONNX weights, and check it.

      Options:
        --checkpoint <file>        a checkpoint of finetune
        --out <directory>          the model package
        --name <name>              name of the model; default: TokenUnify and the preset
        --model-version <version>  semantic version of the model (default: "0.1.0")
        --selection <file>         post-processing and scores that evaluate --select wrote
        --report <file>            scores that evaluate --report wrote
        --tile <z,y,x>             voxels of a tile; default: the preset's crop
        --voxel-size <z,y,x>       nm, of the training data
        --opset <n>                ONNX operator set, 17 to 21 (default: 17)
        --dtype <type>             of large layers and their weights; input and output stay float32 (choices: "float32",
                                   "float16", default: "float32")
        --timestamp <time>         ISO 8601, for reproducible packages; default: now
        --overwrite                replace a package that is there (default: false)
        --engine <name>            training engine (choices: "auto", "tensorflow", "webgpu", "cpu", default: "auto")
        --json                     JSON lines on stdout (default: false)
        -h, --help                 display help for command
      "
    `));
  it('of evaluate', () =>
    expect(help('evaluate')).toMatchInlineSnapshot(`
      "Usage: tokenunify evaluate [options]

      Score a model on labelled voxels, beside segmentations that learn nothing; or choose post-processing.

      Options:
        --model <directory>      a model package
        --checkpoint <files...>  checkpoints of finetune
        --raw <location>         volume
        --labels <location>      truth, 0 = ignored
        --box <ranges>           what is scored, z,y,x, as ':,158:190,:'
        --tune-box <ranges>      where the intensity baseline is tuned; never the scored voxels
        --no-baselines           only the model
        --tile <z,y,x>           with --checkpoint: voxels of a tile; default: the preset's crop
        --postprocessing <json>  instead of the package's
        --report <file>          write the scores here, as JSON
        --select <file>          choose checkpoint and post-processing by lowest VOI, and write the choice here
        --watershed <json...>    with --select: watersheds to try (default: ["{\\"mode\\":\\"3d\\"}"])
        --scoring <names...>     with --select: scorings to try (default: ["mean","hist50"])
        --thresholds <list>      with --select: ascending (default: [0.1,0.2,0.3,0.4,0.5,0.6,0.7])
        --minimum-sizes <list>   with --select: voxels (default: [0])
        --threads <n>            threads of inference
        --engine <name>          training engine (choices: "auto", "tensorflow", "webgpu", "cpu", default: "auto")
        --json                   JSON lines on stdout (default: false)
        -h, --help               display help for command
      "
    `));
  it('of retrain', () =>
    expect(help('retrain')).toMatchInlineSnapshot(`
    "Usage: tokenunify retrain [options]

    One night: train on new annotations from the champion of a server, and promote the result there if it is better.

    Options:
      --config <file>  settings of the night, as nightly.json
      --check          say what the night would do, and change nothing (default: false)
      --json           JSON lines on stdout (default: false)
      -h, --help       display help for command

    Exit codes:
      0  promoted, kept as challenger, or nothing new
      1  a step failed: a broken export, a refused package, a full disk
      2  the configuration, the manifest or the key is wrong
      3  the registry was not reached
      4  promoted, and rolled back because the smoke test failed
      5  time was over; run again to go on
      6  another night runs
    "
  `));
  it('of annotate', () =>
    expect(help('annotate')).toMatchInlineSnapshot(`
    "Usage: tokenunify annotate [options]

    Add a labelled box to the manifest of annotations that the nightly run reads.

    Options:
      --manifest <file>    the manifest; begun if it is not there
      --raw <location>     volume, uint8; a relative path is kept relative to the manifest
      --labels <location>  neuron ids of the same shape, 0 = unlabelled
      --box <ranges>       the labelled part, z,y,x, as ':,0:118,:'; default: the whole volume
      --split <name>       to train on, or held out to compare models (choices: "train", "held-out")
      --json               JSON lines on stdout (default: false)
      -h, --help           display help for command
    "
  `));
  it('of segment', () =>
    expect(help('segment')).toMatchInlineSnapshot(`
      "Usage: tokenunify segment [options] <input> <output>

      Segment a volume, here or on a server; the extension of the output picks its format (.zarr, .npy).

      Options:
        --model <package>        directory of a model package; with --api name or digest of a model of the server (default:
                                 the bundled one)
        --dataset <name>         the array in the input, if it has several
        --box <ranges>           only this part, cut out first
        --raw-range <low,high>   for volumes that are not uint8: the values of black and white
        --affinities <location>  write the affinities too, uint8 [3, z, y, x]
        --threshold <t>          agglomeration threshold, instead of the package's
        --scoring <name>         mean, max or hist1 to hist99, instead of the package's
        --minimum-size <n>       labels with fewer voxels join a neighbour, instead of the package's
        --cell <z,y,x>           voxels of the pieces in which fragments are made
        --postprocessing <json>  all of the post-processing, instead of the package's
        --threads <n>            threads of inference
        --api <url>              a server that does the work: upload, segment there, download
        --api-key <key>          its key; better in the variable TOKENUNIFY_API_KEY, where \`ps\` does not show it
        --keep                   leave the uploaded volume and the job on the server (default: false)
        --patience <seconds>     how long to try again while the server does not answer (default: 600)
        --overwrite              replace an output that is there (default: false)
        --json                   JSON lines on stdout (default: false)
        -h, --help               display help for command
      "
    `));
  it('of info', () =>
    expect(help('info')).toMatchInlineSnapshot(`
      "Usage: tokenunify info [options] [what]

      What this machine can run; or what a volume, a checkpoint or a model package is.

      Options:
        --engine <name>  only this engine; an error when it is not there (choices: "auto", "tensorflow", "webgpu", "cpu")
        --gpu            only an engine on a real GPU; an error when there is none
        --json           JSON lines on stdout (default: false)
        -h, --help       display help for command
      "
    `));
});

describe('options', () => {
  it('name the engines and presets of the library, which --help does not load', () => {
    expect(engineChoices).toEqual(['auto', ...engineNames]);
    expect(presetChoices).toEqual(Object.keys(presets));
  });

  const pretrain = ['pretrain', '--raw', 'a', '--out', 'b'];
  const finetune = ['finetune', '--raw', 'a', '--labels', 'c', '--out', 'b'];
  const annotate = ['annotate', '--manifest', 'm', '--raw', 'a', '--labels', 'c'];
  const evaluate = ['evaluate', '--raw', 'a', '--labels', 'c'];
  it.each([
    [[...pretrain, '--raw', 'd', '--crops', '32,48,64', '--seed', '0', '--rate', '1e-3', '--box', ':,:,:']],
    [
      [
        ...pretrain,
        '--crops',
        '8x64x64,12x96x96,128',
        '--epochs',
        '0.5',
        '--batch',
        '160',
        '--gpu',
        '--recompute',
      ],
    ],
    [[...pretrain, '--config', 'a.json', '--held-out-box', ':,0:9,:', '--probe-every', '5']],
    [[...finetune, '--crop', '16x32x48', '--no-erode', '--engine', 'cpu']],
    [
      [
        'export',
        '--checkpoint',
        'a',
        '--out',
        'b',
        '--voxel-size',
        '35,8,8',
        '--opset',
        '21',
        '--tile',
        '16,16,16',
      ],
    ],
    [
      [
        ...evaluate,
        '--checkpoint',
        'a',
        'b',
        '--select',
        's',
        '--thresholds',
        '0.1,0.9',
        '--watershed',
        '{}',
        '{}',
      ],
    ],
    [[...annotate, '--split', 'held-out', '--box', '0:1,:,:', '--json']],
    [['segment', 'a', 'b.npy', '--threshold', '0', '--raw-range', '-1,1.5', '--threads', '2']],
    [['info']],
    [['info', 'a', '--json']],
    [['info', '--engine', 'tensorflow', '--gpu']],
  ])('are taken: %j', async (args) => {
    const { said, program } = recorded();
    await program.parseAsync(args, { from: 'user' });
    expect(said).toEqual({ out: '', error: '', runs: 1 });
  });

  it.each([
    [['pretrain', '--out', 'b'], "required option '--raw <location>' not specified"],
    [[...pretrain, '--steps', '0'], "--steps <n>' argument '0' is invalid. It must be 1 or more."],
    [[...pretrain, '--steps', '1.5'], "argument '1.5' is invalid. It must be a whole number."],
    [[...pretrain, '--checkpoint-every', '0'], "argument '0' is invalid. It must be 1 or more."],
    [[...pretrain, '--rate', '-1'], "argument '-1' is invalid. It must be a positive number."],
    [[...pretrain, '--rate', 'Infinity'], 'It must be a positive number.'],
    [[...pretrain, '--crops', '32,,64'], "argument '32,,64' is invalid. It must be a whole number."],
    [[...pretrain, '--preset', 'huge'], "argument 'huge' is invalid. Allowed choices are nano, tiny,"],
    [[...pretrain, '--engine', 'wasm'], 'Allowed choices are auto, tensorflow, webgpu, cpu.'],
    [[...pretrain, '--crops', '8x64,16'], "argument '8x64,16' is invalid. It must be three sizes, z,y,x."],
    [
      [...pretrain, '--steps', '3', '--epochs', '2'],
      "option '--epochs <n>' cannot be used with option '--steps <n>'",
    ],
    [
      [...pretrain, '--held-out', '0.1', '--held-out-box', ':,:,:'],
      "cannot be used with option '--held-out <share>'",
    ],
    [[...finetune, '--batch', '0'], 'It must be 1 or more.'],
    [[...finetune, '--crop', '64,64'], "argument '64,64' is invalid. It must be three sizes, z,y,x."],
    [
      ['export', '--checkpoint', 'a', '--out', 'b', '--voxel-size', '8,8'],
      'It must be three numbers, z,y,x.',
    ],
    [[...evaluate, '--thresholds', '0.1,x'], "argument '0.1,x' is invalid. It must be numbers with commas."],
    [annotate, "required option '--split <name>' not specified"],
    [
      [...annotate, '--split', 'heldout'],
      "argument 'heldout' is invalid. Allowed choices are train, held-out.",
    ],
    [['segment', 'a'], "missing required argument 'output'"],
    [['segment', 'a', 'b', '--threshold', '1.5'], 'It must be a number from 0 to 1.'],
    [['segment', 'a', 'b', '--raw-range', '9,1'], 'It must be two numbers with a comma, the lower first.'],
    [['segment', 'a', 'b', '--threads', '0'], 'It must be 1 or more.'],
    [['segments'], "unknown command 'segments'"],
    [['info', '--jsno'], "unknown option '--jsno'"],
    [['info', 'a', '--gpu'], "--engine and --gpu are questions about this machine; leave out 'a'"],
  ])('are refused, with the option and what it must be: %j', (args, message) => {
    const { said, program } = recorded();
    expect(() => program.parse(args, { from: 'user' })).toThrow(expect.objectContaining({ exitCode: 1 }));
    expect(said.error).toContain(message);
    expect(said.error.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
    expect(said.runs).toBe(0);
  });
});
