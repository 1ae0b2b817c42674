import { expect, it } from 'vitest';

it('exports what it promises, and nothing else', async () => {
  expect(Object.keys(await import('./index.ts')).sort()).toMatchInlineSnapshot(`
    [
      "ContingencyTable",
      "SegmentationError",
      "adaptedRandError",
      "agglomerate",
      "allOneLabel",
      "applyLookup",
      "buildRegionGraph",
      "computeAffinities",
      "connectedComponents",
      "cremiScore",
      "everyVoxelItsOwn",
      "intensityBaseline",
      "isScoring",
      "isSegmentationError",
      "makeFragments",
      "mergeRegionGraphs",
      "parsePostProcessing",
      "planTiles",
      "postprocess",
      "prepareSegmentation",
      "priorityFlood",
      "quantiseAffinities",
      "relabelConsecutive",
      "segment",
      "segmentAffinities",
      "sweepThresholds",
      "tuneIntensityBaseline",
      "variationOfInformation",
    ]
  `);
});
