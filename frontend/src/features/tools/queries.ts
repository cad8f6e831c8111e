/* eslint-disable @typescript-eslint/explicit-module-boundary-types -- the options are typed by inference: their return types carry the key and the data */
import { queryOptions } from '@tanstack/react-query';
import { listServers, listTools } from '@/api/operations';

/** Servers come and go, and calls are counted, while the page is open. */
const REFRESH_MS = 5_000;

export function toolsQuery() {
  return queryOptions({ queryKey: ['tools'], queryFn: listTools, refetchInterval: REFRESH_MS });
}

export function serversQuery() {
  return queryOptions({ queryKey: ['servers'], queryFn: listServers, refetchInterval: REFRESH_MS });
}
