import type { KeyboardEvent } from 'react';

/**
 * Whether a key belongs to an input method: Enter then picks a candidate. Safari
 * ends the composition before it reports the key, but keeps the code 229.
 */
export function isComposing(event: KeyboardEvent): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else tells this in Safari
  return event.nativeEvent.isComposing || event.keyCode === 229;
}
