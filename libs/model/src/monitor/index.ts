export { TrainingMonitor } from './monitor.ts';
export { monitorDefaults, type MonitorOptions, type MonitorThresholds } from './options.ts';
export { failureSigns, type ProbeScore, type Sign, type TrainingWarning } from './types.ts';
