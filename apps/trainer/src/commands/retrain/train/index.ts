export { trainChallenger, type TrainChallengerOptions } from './train.ts';
export { exportChallenger } from './export.ts';
