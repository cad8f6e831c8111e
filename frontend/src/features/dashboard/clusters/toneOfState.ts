export type StateTone = 'ok' | 'done' | 'waiting' | 'bad';

const GOOD = new Set(['Running', 'Ready']);
const DONE = new Set(['Completed', 'Succeeded']);
const WAITING = /^(?:Pending|ContainerCreating|PodInitializing|Terminating|Init:\d|SchedulingGated)|SchedulingDisabled/;

/** What a state of a pod or node, as kubectl writes it, means at a glance. A state nobody knows is not good. */
export function toneOfState(state: string): StateTone {
  if (GOOD.has(state)) return 'ok';
  if (DONE.has(state)) return 'done';
  return WAITING.test(state) ? 'waiting' : 'bad';
}
