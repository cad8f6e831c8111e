import { useQuery } from '@tanstack/react-query';
import type { Model } from '@/api/types';
import { modelsQuery } from '../queries';

const NONE: Model[] = [];

/** The configured models; none while they are not known. */
export function useModels(): Model[] {
  return useQuery(modelsQuery()).data ?? NONE;
}
